/** A rule that JSON Schema cannot say, as a predicate that must hold as well. */
export type Rule<Value> = (value: Value) => boolean;

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
      if (maxLength !== undefined) found.push(`v.length > ${maxLength}`);
      if (pattern !== undefined) found.push(`!patterns[${patterns.push(new RegExp(pattern)) - 1}].test(v)`);
      return found;
    }
    case 'object':
      return [`!rules[${JSON.stringify(name)}](v)`];
    default: {
      const found = [type === 'integer' ? '!Number.isInteger(v)' : '!Number.isFinite(v)'];
      if (minimum !== undefined) found.push(`v < ${minimum}`);
      if (maximum !== undefined) found.push(`v > ${maximum}`);
      return found;
    }
  }
}

/**
 * A predicate for flat objects, compiled from the JSON Schema of their type: the fields with their limits, which of them are required, and no
 * others. `rules` has what JSON Schema does not say: one for each field that is an object, and `whole` for the object itself.
 * For values out of JSON.parse: a field that is undefined counts as absent.
 * @throws RangeError when the schema says something that is not understood, so that nothing is passed over silently
 */
export function compileObject(
  jsonSchema: Record<string, unknown>,
  rules: { whole: Rule<Record<string, unknown>>; [field: string]: Rule<never> },
): (value: Record<string, unknown>) => boolean {
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
    const refuse = `if (${misfits(name, schema, patterns).join(' || ')}) return false; fields++;`;
    const read = `v = value[${JSON.stringify(name)}];`;
    return required.includes(name) ? `${read} ${refuse}` : `${read} if (v !== undefined) { ${refuse} }`;
  });
  const body = `return function fits(value) {
    let v; let fields = 0;
    ${checks.join('\n    ')}
    for (const _ in value) fields--;
    return fields === 0 && rules.whole(value);
  }`;
  return new Function('patterns', 'rules', body)(patterns, rules) as (value: Record<string, unknown>) => boolean;
}
