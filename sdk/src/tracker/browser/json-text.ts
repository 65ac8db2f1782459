import { attempt } from './attempt.js';
import { apply, assign, cut, each, find, isoTime, keysOf, map, stringify } from './builtins.js';

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
 * The value as `JSON.stringify` takes it without asking the page's code: a copy, of null prototype. It would fail as a
 * whole for one bad value, and would call a `toJSON` that the page has given to all objects. Undefined for what JSON
 * leaves out.
 * @param lose called when something in it cannot be kept; that is left out, or null in an array
 * @param levels how deep objects may lie in each other
 * @param around the objects that the value is in
 */
export function plainValue(value: unknown, lose: () => void, levels: number, around: readonly unknown[] = []): unknown {
  const type = typeof value;
  if (type === 'bigint') return lose();
  if (type === 'function' || type === 'symbol') return undefined;
  if (type !== 'object' || value === null) return value;
  const inner = standIn(value as object);
  if (typeof inner !== 'object' || inner === null) return plainValue(inner, lose, levels, around);
  // Too deep, or a ring.
  if (!levels || find(around, (one) => one === value)) return lose();
  const plain = (one: unknown, lost = lose) => plainValue(one, lost, levels - 1, [...around, value]);
  return Array.isArray(inner)
    ? assign(
        map(inner, (one) => plain(one)),
        { toJSON: undefined },
      )
    : copyOf(inner, lose, plain);
}

/**
 * A copy of an object's own values, without those that are undefined. Without a prototype any name is only a name.
 * @param lose gets the name of what cannot be read, because the page's code runs into an error, or not be kept
 * @param keep what the copy gets instead of a value
 */
export function copyOf(
  given: object,
  lose: (name: string) => void,
  keep: (value: unknown, lost: () => void, name: string) => unknown = (value) => value,
): Record<string, unknown> {
  const copy: Record<string, unknown> = { __proto__: null };
  each(keysOf(given), (name) => {
    // The server rejects an event with that name.
    let isLost = name === '__proto__';
    const lost = () => {
      isLost = true;
    };
    attempt(() => {
      const value = isLost ? undefined : keep((given as Record<string, unknown>)[name], lost, name);
      if (value !== undefined) copy[name] = value;
    }, lost);
    if (isLost) lose(name);
  });
  return copy;
}

/** The members of a copy in JSON, `"shelf":3,"row":1`. */
export const membersOf = (copy: object): string => cut(stringify(copy), 1, -1);
