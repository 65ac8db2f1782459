import { attempt } from './attempt.js';
import { apply, cut, filter, find, isoTime, join, keysOf, map, stringify } from './builtins.js';

/** What JSON takes instead of an object: a date's text, a wrapper's value, or what its class says in `toJSON`. */
function standIn(value: object): unknown {
  if (value instanceof Date) return isoTime(value);
  const { toJSON } = value as { toJSON?: () => unknown };
  // Old libraries give all objects and arrays one, which makes something else of them.
  const isOfItsClass =
    toJSON && !find([Object, Array], ({ prototype }) => (prototype as { toJSON?: unknown }).toJSON === toJSON);
  return isOfItsClass ? apply(toJSON, value, []) : value.valueOf ? value.valueOf() : value;
}

/**
 * The value's text in JSON; undefined for what JSON leaves out. `JSON.stringify` would fail as a whole for one bad
 * value, and would call a `toJSON` that the page has given to all objects.
 * @param lose called when something in it cannot be kept; that is left out, or null in an array
 * @param levels how deep objects may lie in each other
 * @param around the objects that the value is in
 */
export function jsonText(
  value: unknown,
  lose: () => void,
  levels: number,
  around: readonly unknown[] = [],
): string | undefined {
  const type = typeof value;
  if (type === 'bigint') lose();
  // These have no `toJSON` that would be asked.
  if (value === null || type === 'string' || type === 'number' || type === 'boolean') return stringify(value);
  if (type !== 'object') return undefined;
  const inner = standIn(value as object);
  if (typeof inner !== 'object' || inner === null) return jsonText(inner, lose, levels, around);
  // Too deep, or a ring.
  if (!levels || find(around, (one) => one === value)) return lose() as undefined;
  const textOf = (one: unknown) => jsonText(one, lose, levels - 1, [...around, value]);
  return Array.isArray(inner)
    ? `[${join(map(inner, (one) => textOf(one) ?? 'null'))}]`
    : `{${membersOf(inner, lose, textOf)}}`;
}

/** Whether `JSON.stringify` makes of an object what it should: it has only texts and the like, and no `toJSON`. */
const isFlat = (given: Record<string, unknown>): boolean =>
  !given.toJSON &&
  !filter(keysOf(given), (name) => {
    const value = given[name];
    // The server rejects an event with that name.
    return name === '__proto__' || typeof value === 'bigint' || (typeof value === 'object' && value !== null);
  }).length;

/**
 * An object's members as JSON has them, `"shelf":3,"row":1`, without those that JSON leaves out.
 * @param lose gets the name of what cannot be read, because the page's code runs into an error, or not be kept
 * @param fits whether a member still fits; otherwise it is lost
 */
export function membersOf(
  given: object,
  lose: (name: string) => void,
  textOf: (value: unknown, lost: () => void) => string | undefined,
  fits?: (member: string) => boolean,
): string {
  // The short way, because each call costs a page that has just awoken.
  if (!fits && attempt(() => isFlat(given as Record<string, unknown>))) return cut(stringify(given), 1, -1);
  const members = map(keysOf(given), (name) => {
    const lost = () => lose(name) as undefined;
    return attempt(() => {
      if (name === '__proto__') return lost();
      const text = textOf((given as Record<string, unknown>)[name], lost);
      const member = text && `${stringify(name)}:${text}`;
      return member && fits?.(member) === false ? lost() : member;
    }, lost);
  });
  return join(filter(members, (member) => member));
}
