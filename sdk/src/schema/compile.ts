import { numberLength } from './json-length.js';

/** What JSON Schema cannot say, as further predicates. */
export interface Rules {
  /** For the object itself. */
  whole(value: Record<string, unknown>): boolean;
  /** For a field that is an object: its length as JSON (`jsonLength`); undefined when it does not fit. */
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

/** Keywords without a check: descriptions, and `format`, which stands beside a pattern that says the same. */
const silent = ['description', 'title', '$schema', 'format'];
const known: Record<string, readonly string[]> = {
  string: ['type', 'minLength', 'maxLength', 'pattern', ...silent],
  integer: ['type', 'minimum', 'maximum', ...silent],
  number: ['type', 'minimum', 'maximum', ...silent],
  // A rule checks what an object's own keywords say.
  object: ['type', 'propertyNames', 'additionalProperties', ...silent],
};

/** The conditions under which `v` does not fit, as JavaScript. @throws RangeError for an unknown keyword */
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
        // Most fields repeat their last value.
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

/** The characters that the field takes in JSON, with its comma, as JavaScript. */
function lengthOf(name: string, { type }: FieldSchema): string {
  const around = JSON.stringify(name).length + 2;
  if (type === 'string') return `v.length + ${around + 2}`;
  return type === 'object' ? `inner + ${around}` : `numberLength(v) + ${around}`;
}

/**
 * Compiles a check for flat objects from their JSON Schema: the fields with their limits, which are required, and no
 * others. The check returns the object's length as JSON (`jsonLength`), or undefined when it does not fit. For values
 * from JSON.parse: an undefined field counts as absent.
 * @throws RangeError for an unknown keyword, so that no limit is silently ignored
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
