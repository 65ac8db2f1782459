import { limits } from '../../schema/limits.js';
import { attempt } from '../browser/attempt.js';
import { byteLength } from '../browser/byte-length.js';

type Properties = Record<string, unknown>;

const { toISOString } = Date.prototype;

/** What JSON takes instead of an object: a date's text, a wrapper's value, or what its class says in `toJSON`. */
function standIn(value: object): unknown {
  if (value instanceof Date) return attempt(() => toISOString.call(value)) ?? null;
  const { toJSON } = value as { toJSON?: () => unknown };
  // Old libraries give all objects and arrays one, which makes something else of them.
  const isOfItsClass =
    toJSON && ![Object, Array].some(({ prototype }) => (prototype as { toJSON?: unknown }).toJSON === toJSON);
  return isOfItsClass ? toJSON.call(value) : value.valueOf ? value.valueOf() : value;
}

/**
 * The value as JSON holds it, at most `levels` deep; undefined for what JSON leaves out. `JSON.stringify` would fail as
 * a whole for one bad value.
 * @param around the objects that the value is in
 * @param lose called for a value that cannot be kept
 */
function plain(value: unknown, levels: number, around: readonly unknown[], lose: () => void): unknown {
  if ('function symbol undefined'.includes(typeof value)) return undefined;
  if (typeof value === 'bigint') return lose();
  if (typeof value !== 'object' || value === null) return value;
  const inner = standIn(value);
  if (typeof inner !== 'object' || inner === null) return plain(inner, levels, around, lose);
  // Too deep, or a ring.
  if (!levels || around.includes(value)) return lose();
  const within = [...around, value];
  const convert = (one: unknown) => plain(one, levels - 1, within, lose);
  return Array.isArray(inner) ? inner.map((one) => convert(one) ?? null) : copyOf(inner, lose, convert);
}

/**
 * A copy of an object's own values, as `convert` makes them, without those that it leaves out. A value whose reading
 * runs into an error of the page's code is lost.
 */
export function copyOf(
  given: object,
  lose: (name: string) => void,
  convert: (value: unknown, lost: () => void) => unknown = (value) => value,
): Properties {
  const copy: Properties = {};
  for (const name of Object.keys(given)) {
    const lost = () => lose(name);
    // The server rejects an event with this name.
    const value = name === '__proto__' ? lost() : attempt(() => convert((given as Properties)[name], lost), lost);
    if (value !== undefined) copy[name] = value;
  }
  return copy;
}

/** An upper bound of the value's bytes as JSON, without writing it: an escaped character has six. */
const bytesAtMost = (value: unknown): number =>
  typeof value === 'object' ? limits.propertiesBytes : 6 * `${value}`.length + 2;

/**
 * The properties as JSON will hold them; undefined for none. What JSON cannot hold goes, and so does what exceeds the
 * schema's limits, from the end; the rest stays.
 * @param leave gets the name of each property that is lost, in whole or in part
 */
export function cleanProperties(given: object, leave: (name: string) => void): Properties | undefined {
  const left = new Set<string>();
  const lose = (name: string) => void left.add(name);
  const kept = copyOf(given, lose, (value, lost) => plain(value, limits.propertiesDepth - 1, [], lost));
  const names = Object.keys(kept);
  const { propertiesKeys, propertiesBytes } = limits;
  if (
    names.reduce((sum, name) => sum + bytesAtMost(name) + bytesAtMost(kept[name]), 0) > propertiesBytes ||
    names.length > propertiesKeys
  ) {
    let bytes = 1;
    let count = 0;
    for (const name of names) {
      const size = byteLength(JSON.stringify({ [name]: kept[name] })) - 1;
      if (count < propertiesKeys && bytes + size <= propertiesBytes) {
        count++;
        bytes += size;
      } else {
        lose(name);
        delete kept[name];
      }
    }
  }
  left.forEach(leave);
  return Object.keys(kept).length ? kept : undefined;
}
