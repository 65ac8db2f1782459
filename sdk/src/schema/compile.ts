import { numberLength } from './json-length.js';

/** What JSON Schema does not say, as predicates that must hold as well. */
export interface Rules {
  /** For the object itself. */
  whole(value: Record<string, unknown>): boolean;
  /** For a field that is an object: how long it is as JSON (`jsonLength`), undefined when it does not fit. */
  [field: string]: (value: never) => unknown;
}

interface FieldSchema {
  type?: string;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
}

/** Says nothing about which values fit: descriptions, and `format`, which is there beside the pattern that says it. */
const silent = ['description', 'title', '$schema', 'format'];
const known: Record<string, readonly string[]> = {
  string: ['type', 'minLength', 'maxLength', 'pattern', ...silent],
  integer: ['type', 'minimum', 'maximum', ...silent],
  number: ['type', 'minimum', 'maximum', ...silent],
  // An object's own keywords are the rule's business.
  object: ['type', 'propertyNames', 'additionalProperties', ...silent],
};

/** The conditions under which `v` does not fit, as JavaScript. @throws RangeError for a keyword that is not understood */
function misfits(name: string, schema: FieldSchema, patterns: RegExp[]): string[] {
  const { type = '', minLength, maxLength, pattern, minimum, maximum } = schema;
  const keywords = known[type];
  const strange = Object.keys(schema).find((keyword) => !keywords?.includes(keyword));
  if (keywords === undefined || strange !== undefined) {
    throw new RangeError(`the field ${name} cannot be compiled: ${strange ?? `its type is "${type}"`}`);
  }
  switch (type) {
    case 'string': {
      const found = [`typeof v !== 'string'`];
      if (minLength !== undefined) found.push(`v.length < ${minLength}`);
      // In code points, as JSON Schema and Zod count; few texts need counting.
      if (maxLength !== undefined)
        found.push(`(v.length > ${maxLength} && (v.length > ${2 * maxLength} || [...v].length > ${maxLength}))`);
      if (pattern !== undefined) {
        const at = patterns.push(new RegExp(pattern)) - 1;
        // Most fields say again and again what they said last time.
        found.push(`v !== last${at} && (!patterns[${at}].test(v) || (last${at} = v, false))`);
      }
      return found;
    }
    case 'object':
      return [`(inner = rules[${JSON.stringify(name)}](v)) === undefined`];
    default: {
      const found = [type === 'integer' ? '!Number.isInteger(v)' : '!Number.isFinite(v)'];
      if (minimum !== undefined) found.push(`v < ${minimum}`);
      if (maximum !== undefined) found.push(`v > ${maximum}`);
      return found;
    }
  }
}

/** How many characters the field takes in JSON, its comma included, as JavaScript. */
function lengthOf(name: string, { type }: FieldSchema): string {
  const around = JSON.stringify(name).length + 2;
  if (type === 'string') return `v.length + ${around + 2}`;
  return type === 'object' ? `inner + ${around}` : `numberLength(v) + ${around}`;
}

/**
 * A check for flat objects, compiled from the JSON Schema of their type: the fields with their limits, which of them are required, and no
 * others. It says how long the object is as JSON (`jsonLength`), or undefined when it does not fit.
 * For values out of JSON.parse: a field that is undefined counts as absent.
 * @throws RangeError when the schema says something that is not understood, so that nothing is passed over silently
 */
export function compileObject(
  jsonSchema: Record<string, unknown>,
  rules: Rules,
): (value: Record<string, unknown>) => number | undefined {
  const { properties, required, additionalProperties, type, ...rest } = jsonSchema as {
    properties: Record<string, FieldSchema>;
    required: string[];
    additionalProperties: unknown;
    type: string;
  };
  const strange = Object.keys(rest).find((keyword) => !silent.includes(keyword));
  if (type !== 'object' || additionalProperties !== false || strange !== undefined) {
    throw new RangeError(`the schema cannot be compiled: ${strange ?? 'it must be a strict object'}`);
  }
  const patterns: RegExp[] = [];
  const checks = Object.entries(properties).map(([name, schema]) => {
    if (schema.type === 'object' && rules[name] === undefined) throw new RangeError(`the field ${name} needs a rule`);
    const refuse = `if (${misfits(name, schema, patterns).join(' || ')}) return undefined;`;
    const take = `v = value[${JSON.stringify(name)}]; `;
    const found = `${refuse} fields++; length += ${lengthOf(name, schema)};`;
    return required.includes(name) ? take + found : `${take} if (v !== undefined) { ${found} }`;
  });
  const body = `let inner${patterns.map((_, at) => `, last${at}`).join('')};
  return function measure(value) {
    let v; let fields = 0; let length = 1;
    ${checks.join('\n    ')}
    for (const _ in value) fields--;
    return fields === 0 && rules.whole(value) ? length : undefined;
  }`;
  const make = new Function('patterns', 'rules', 'numberLength', body);
  return make(patterns, rules, numberLength) as (value: Record<string, unknown>) => number | undefined;
}
