import { limits } from '../../schema/limits.js';
import { attempt } from '../browser/attempt.js';
import { cut, each, keysOf, stringify, upperCase } from '../browser/builtins.js';
import { byteLength } from '../browser/byte-length.js';
import { copyOf, membersOf, plainValue } from '../browser/json-text.js';
import type { Facts, TrackerContext } from '../core/context.js';
import { toName } from '../core/slug.js';
import type { TrackerModule } from '../module.js';
import type { Draft } from '../plugin.js';

/** Gets the name of what is left out, a property's as `properties.NAME`, and its value where it is known. */
type Leave = (what: string, value?: unknown) => void;
/** Returns the value as the schema wants it, or undefined when it does not fit. */
type Cleaner = (value: unknown) => unknown;

const id: Cleaner = (value) => {
  const text = typeof value === 'number' || typeof value === 'bigint' ? `${value}` : value;
  return typeof text === 'string' && /^.{1,64}$/s.test(text) ? text : undefined;
};

/** Attributes give numbers as text. */
const numberWithin =
  (max: number, isInteger?: boolean): Cleaner =>
  (value) => {
    const number = typeof value === 'string' && /\S/.test(value) ? +value : value;
    return typeof number === 'number' && number >= 0 && number <= max && !(isInteger && number % 1)
      ? number
      : undefined;
  };

const text =
  (max: number): Cleaner =>
  (value) =>
    typeof value === 'string' ? cut(value, 0, max) : id(value);

const named: Cleaner = (value) => toName(text(200)(value) ?? '') || undefined;

const cleaners: Record<string, Cleaner> = {
  // Without it a field named toString would find a cleaner.
  __proto__: null as never,
  event: named,
  page: named,
  url: text(2048),
  referrer: text(2048),
  title: text(256),
  item_id: id,
  item_name: text(256),
  item_quantity: numberWithin(1e6, true),
  item_price: numberWithin(1e9),
  currency: (value) => {
    const code = typeof value === 'string' && upperCase(value);
    return code && /^[A-Z]{3}$/.test(code) ? code : undefined;
  },
  order_id: id,
};

/** A copy of an object that a page gave, none for null. `start` comes before the names of what is left out. */
function givenObject(given: unknown, what: string, start: string, leave: Leave): Record<string, unknown> {
  // Reading it runs the page's code (getters, proxies), which may throw.
  const copy = attempt(() => {
    const object = given ?? {};
    if (typeof object !== 'object' || Array.isArray(object)) throw object;
    return copyOf(object, (name) => leave(start + name));
  });
  if (!copy) leave(what, given);
  return copy || {};
}

/**
 * Takes what the schema allows from `given`, an event's name and fields. Names become slugs, or travel whole. Fields
 * that the schema does not have go into the properties. Null and undefined are left out, and so is what does not fit.
 */
export function cleanFields(given: unknown, leave: Leave): Record<string, unknown> {
  const { properties, ...others } = givenObject(given, 'fields', '', leave);
  const all = { ...givenObject(properties, 'properties', 'properties.', leave) };
  const fields: Record<string, unknown> = { properties: all };
  each(keysOf(others), (name) => {
    const value = others[name];
    const cleaner = cleaners[name];
    if (value === null) return;
    if (!cleaner) all[name] = all[name] ?? value;
    else {
      fields[name] = cleaner(value);
      // An event without a name is dropped as a whole.
      if (fields[name] === undefined && name !== 'event') leave(name, value);
    }
  });
  return fields;
}

/** Whether a text has at most so many bytes, whatever its characters are: asking the browser costs. */
const isShort = (text: string, bytes: number): boolean => text.length * 3 <= bytes || byteLength(text) <= bytes;

/**
 * The properties as JSON, without braces. What JSON cannot hold is left out, and so is what exceeds the schema's
 * limits, from the end.
 */
export function propertiesText(properties: object, leave: Leave): string {
  let bytes = limits.propertiesBytes - 1;
  let count = limits.propertiesKeys;
  const lose = (name: string) => leave(`properties.${name}`);
  const plain = copyOf(properties, lose, (value, lost) => plainValue(value, lost, limits.propertiesDepth - 1));
  const all = membersOf(plain);
  // As most are: then the properties need not be measured one by one.
  if (keysOf(plain).length <= count && isShort(all, bytes)) return all;
  return membersOf(
    copyOf(plain, lose, (value, lost, name) => {
      // With a colon and a comma.
      const size = byteLength(stringify(name) + stringify(value)) + 2;
      if (!count || size > bytes) return lost();
      count--;
      bytes -= size;
      return value;
    }),
  );
}

/** Bytes of an event that come after its facts are known: visitor, session, user, stream, id, drop counts. */
const bytesToCome = 1024;
/** Makes names and fields fit the schema in the page, where the mistake can be seen and costs no request. */
export const clean: TrackerModule<void> = (context: TrackerContext) => {
  const leave: Leave = (what, value) => context._tell('dropped', { reason: 'field', what, value });
  context._clean = (event, fields) => {
    const kept = cleanFields(fields || {}, leave);
    kept.event = named(event);
    if (!kept.event) context._tell('dropped', { reason: 'invalid', what: 'event', value: event });
    return kept as unknown as Draft;
  };
  context._factsOf = (draft) => {
    let facts: Facts;
    for (const name of ['', 'referrer', 'properties', 'title', 'item_name', 'url'] as const) {
      if (name) {
        leave(name, draft[name]);
        delete draft[name];
      }
      const { properties, ...fields } = draft;
      facts = {
        _fields: membersOf(copyOf(fields, leave, (value, lost) => plainValue(value, lost, limits.propertiesDepth))),
        _properties: properties ? propertiesText(properties, leave) : '',
      };
      if (isShort(facts._fields + facts._properties, limits.eventBytes - bytesToCome)) break;
    }
    return facts!;
  };
};
