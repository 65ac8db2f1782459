import { AwsError } from '../json-service/aws-error.js';
import type { Members, Rule, Rules } from './check-types.js';

/** AWS says no more than this. */
const mostMistakes = 10;

function lengthOf(value: unknown, { type }: Rule): number {
  if (type === 'Blob') return Buffer.byteLength(value as string, 'base64');
  return type === 'Map' ? Object.keys(value as Members).length : (value as string | unknown[]).length;
}

const within = (texts: readonly unknown[], [least, most]: readonly [number, number]): boolean =>
  texts.every((text) => {
    // A member that must not be null says so itself.
    const length = (text as string | undefined)?.length ?? least;
    return length >= least && length <= most;
  });

const boundsOf = ([least, most]: readonly [number, number]): string =>
  `[Member must have length less than or equal to ${most}, Member must have length greater than or equal to ${least}]`;

/** By check: whether a value passes, and what AWS says when it does not. */
const checks: {
  [Check in Exclude<keyof Rule, 'type' | 'memberStr' | 'children'>]-?: (
    value: unknown,
    bound: NonNullable<Rule[Check]>,
    rule: Rule,
  ) => string | false;
} = {
  notNull: (value, isOn) => isOn && value === undefined && 'Member must not be null',
  regex: (value, pattern) =>
    !new RegExp(`^(?:${pattern})$`).test(value as string) &&
    `Member must satisfy regular expression pattern: ${pattern}`,
  greaterThanOrEqual: (value, bound) =>
    (value as number) < bound && `Member must have value greater than or equal to ${bound}`,
  lessThanOrEqual: (value, bound) =>
    (value as number) > bound && `Member must have value less than or equal to ${bound}`,
  lengthGreaterThanOrEqual: (value, bound, rule) =>
    lengthOf(value, rule) < bound && `Member must have length greater than or equal to ${bound}`,
  lengthLessThanOrEqual: (value, bound, rule) =>
    lengthOf(value, rule) > bound && `Member must have length less than or equal to ${bound}`,
  enum: (value, texts) =>
    !texts.includes(value as string) && `Member must satisfy enum value set: [${texts.join(', ')}]`,
  childLengths: (value, bounds) =>
    !within(value as unknown[], bounds) && `Member must satisfy constraint: ${boundsOf(bounds)}`,
  childKeyLengths: (value, bounds) =>
    !within(Object.keys(value as object), bounds) && `Map keys must satisfy constraint: ${boundsOf(bounds)}`,
  childValueLengths: (value, bounds) =>
    !within(Object.values(value as object), bounds) && `Map value must satisfy constraint: ${boundsOf(bounds)}`,
};

function shown(value: unknown, rule: Rule): string {
  if (value === undefined) return 'null';
  switch (rule.type) {
    case 'Blob': {
      const bytes = lengthOf(value, rule);
      return `'java.nio.HeapByteBuffer[pos=0 lim=${bytes} cap=${bytes}]'`;
    }
    case 'List':
      return `'[${(value as unknown[]).map((member) => rule.memberStr ?? member).join(', ')}]'`;
    case 'Map':
      return `'{${Object.entries(value as object)
        .map(([key, member]) => `${key}=${member}`)
        .join(', ')}}'`;
    default:
      return `'${typeof value === 'object' ? JSON.stringify(value) : value}'`;
  }
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

function* mistakesOf(value: unknown, rule: Rule, path: string): Generator<string> {
  for (const [name, bound] of Object.entries(rule)) {
    if (value === undefined && name !== 'notNull') continue;
    if (name === 'children') yield* mistakesBelow(value, rule, path);
    const check = checks[name as keyof typeof checks] as
      | ((value: unknown, bound: unknown, rule: Rule) => string | false)
      | undefined;
    const mistake = check?.(value, bound, rule) || undefined;
    if (mistake !== undefined)
      yield `Value ${shown(value, rule)} at '${path}' failed to satisfy constraint: ${mistake}`;
  }
}

function* mistakesBelow(value: unknown, { type, children }: Rule, path: string): Generator<string> {
  if (type === 'Structure') yield* mistakesIn(value as Members, children as Rules, `${path}.`);
  else
    for (const [key, member] of Object.entries(value as object))
      yield* mistakesOf(member, children as Rule, `${path}.${type === 'List' ? Number(key) + 1 : key}.member`);
}

function* mistakesIn(members: Members, rules: Rules, path: string): Generator<string> {
  for (const [name, rule] of Object.entries(rules)) yield* mistakesOf(members[name], rule, path + lowerFirst(name));
}

/**
 * Holds members of the right types to their bounds.
 * @throws AwsError ValidationException, in AWS's words
 */
export function checkValues(members: Members, rules: Rules): void {
  const mistakes: string[] = [];
  for (const mistake of mistakesIn(members, rules, '')) if (mistakes.push(mistake) === mostMistakes) break;
  if (mistakes.length === 0) return;
  throw new AwsError(
    'ValidationException',
    `${mistakes.length} validation error${mistakes.length > 1 ? 's' : ''} detected: ${mistakes.join('; ')}`,
  );
}
