import { limits } from '../../schema/limits.js';
import { attempt } from '../browser/attempt.js';
import { cut, each, keysOf, upperCase } from '../browser/builtins.js';
import { byteLength } from '../browser/byte-length.js';
import { jsonText, membersOf } from '../browser/json-text.js';
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
  return typeof text === 'string' && text !== '' && text.length <= 64 ? text : undefined;
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

/** A copy of an object's own values. What runs into an error of the page's code is left out. */
function copyOf(given: object, leave: Leave): Record<string, unknown> {
  // Without a prototype any name is only a name.
  const copy: Record<string, unknown> = { __proto__: null };
  each(keysOf(given), (name) => {
    // Not `attempt`: a closure for each value would cost.
    try {
      const value = (given as typeof copy)[name];
      if (value !== undefined) copy[name] = value;
    } catch {
      leave(name);
    }
  });
  return copy;
}

/**
 * Takes what the schema allows from `given`, an event's name and fields. Names become slugs, or travel whole. Fields
 * that the schema does not have go into the properties. Null and undefined are left out, and so is what does not fit.
 */
export function cleanFields(given: object, leave: Leave): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const { properties = {}, ...others } = copyOf(given, leave);
  const isObject = typeof properties === 'object' && !Array.isArray(properties);
  if (!isObject) leave('properties', properties);
  const extra = attempt(
    () => copyOf((isObject && properties) || {}, (name) => leave(`properties.${name}`)),
    () => leave('properties'),
  );
  const all: Record<string, unknown> = { ...extra };
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
  fields.properties = all;
  return fields;
}

/** Whether a text has at most so many bytes, whatever its characters are: asking the browser costs. */
const isShort = (text: string, bytes: number): boolean => text.length * 3 <= bytes;

/**
 * The properties as JSON, without braces. What JSON cannot hold is left out, and so is what exceeds the schema's
 * limits, from the end.
 */
export function propertiesText(properties: object, leave: Leave): string {
  const left: Record<string, unknown> = { __proto__: null };
  let bytes = 1;
  let count = 0;
  const write = (fits?: (member: string) => boolean) =>
    membersOf(
      properties,
      (name) => {
        left[name] = 1;
      },
      (value, lost) => jsonText(value, lost, limits.propertiesDepth - 1),
      fits,
    );
  let text = write();
  if (!isShort(text, limits.propertiesBytes - 1) || keysOf(properties).length > limits.propertiesKeys)
    text = write((member) => {
      const size = byteLength(member) + 1;
      const fits = count < limits.propertiesKeys && bytes + size <= limits.propertiesBytes;
      if (fits) {
        count++;
        bytes += size;
      }
      return fits;
    });
  each(keysOf(left), (name) => leave(`properties.${name}`));
  return text;
}

/** Bytes of an event that come after its facts are known: visitor, session, user, stream, id, drop counts. */
const bytesToCome = 1024;
/** Makes names and fields fit the schema in the page, where the mistake can be seen and costs no request. */
export const clean: TrackerModule<void> = (context: TrackerContext) => {
  const leave: Leave = (what, value) => context._tell('dropped', { reason: 'field', what, value });
  context._clean = (event, fields) => {
    const given = typeof fields === 'object' && !Array.isArray(fields) && fields;
    if (fields && !given) leave('fields', fields);
    // Reading the fields runs the page's code (getters, proxies), which may throw.
    const kept =
      attempt(
        () => cleanFields(given || {}, leave),
        () => leave('fields'),
      ) || {};
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
        _fields: membersOf(fields, leave, (value, lost) => jsonText(value, lost, limits.propertiesDepth)),
        _properties: properties ? propertiesText(properties, leave) : '',
      };
      const text = facts._fields + facts._properties;
      const most = limits.eventBytes - bytesToCome;
      if (isShort(text, most) || byteLength(text) <= most) break;
    }
    return facts!;
  };
};
