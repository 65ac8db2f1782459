import { limits } from '../../schema/limits.js';
import { attempt } from '../browser/attempt.js';
import { byteLength } from '../browser/byte-length.js';
import type { TrackerContext } from '../core/context.js';
import { toSlug } from '../core/slug.js';
import type { TrackerModule } from '../module.js';
import { cleanProperties, copyOf } from './properties.js';

/** Returns the value as the schema wants it, or undefined when it does not fit. */
type Cleaner = (value: unknown) => unknown;

const id: Cleaner = (value) => {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= 64 ? text : undefined;
};

/** Attributes give numbers as text. */
const numberWithin =
  (max: number, isInteger: boolean): Cleaner =>
  (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? +value : value;
    return typeof number === 'number' && number >= 0 && number <= max && (!isInteger || Number.isInteger(number))
      ? number
      : undefined;
  };

const text =
  (max: number): Cleaner =>
  (value) =>
    typeof value === 'string' ? value.slice(0, max) : id(value);

const slug: Cleaner = (value) => (typeof value === 'string' && toSlug(value)) || undefined;

const cleaners: Record<string, Cleaner> = {
  // Without it a field named toString would find a cleaner.
  __proto__: null as never,
  event: slug,
  page: slug,
  url: text(2048),
  referrer: text(2048),
  title: text(256),
  item_id: id,
  item_name: text(256),
  item_quantity: numberWithin(1e6, true),
  item_price: numberWithin(1e9, false),
  currency: (value) => {
    const code = typeof value === 'string' && value.toUpperCase();
    return code && /^[A-Z]{3}$/.test(code) ? code : undefined;
  },
  order_id: id,
};

/**
 * Takes what the schema allows from `given`, an event's name and fields. Names become slugs. Fields that the schema
 * does not have go into the properties. Null and undefined are left out. The event goes without what does not fit;
 * `leave` gets it, a property as `properties.NAME`.
 */
export function cleanFields(given: object, leave: (field: string, value?: unknown) => void): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const leaveProperty = (name: string) => leave(`properties.${name}`);
  const { properties = {}, ...others } = copyOf(given, leave);
  const isObject = typeof properties === 'object' && !Array.isArray(properties);
  if (!isObject) leave('properties', properties);
  const kept = attempt(
    () => copyOf((isObject && properties) || {}, leaveProperty),
    () => leave('properties'),
  );
  const extra: Record<string, unknown> = { ...kept };
  for (const name of Object.keys(others)) {
    const value = others[name];
    const cleaner = cleaners[name];
    if (value === null) continue;
    if (!cleaner) extra[name] = extra[name] ?? value;
    else {
      fields[name] = cleaner(value);
      // An event without a name is dropped as a whole.
      if (fields[name] === undefined && name !== 'event') leave(name, value);
    }
  }
  if (Object.keys(extra).length) fields.properties = cleanProperties(extra, leaveProperty);
  return fields;
}

/** Fewer characters of addresses than this leave an event small, whatever else is in it. */
const shortAddresses = 1000;
/** Bytes of an event that come after its fields are known: visitor, session, user, stream, id, drop counts. */
const bytesToCome = 1024;

/** Makes names and fields fit the schema in the page, where the mistake can be seen and costs no request. */
export const clean: TrackerModule<void> = (context: TrackerContext) => {
  const leave = (what: string, value?: unknown) => context._tell('dropped', { reason: 'field', what, value });
  const leaveProperty = (name: string) => leave(`properties.${name}`);
  context._clean = (event, fields) => {
    const given = typeof fields === 'object' && !Array.isArray(fields) && fields;
    if (fields && !given) leave('fields', fields);
    // Reading the fields runs the page's code (getters, proxies), which may throw.
    const kept =
      attempt(
        () => cleanFields(given || {}, leave),
        () => leave('fields'),
      ) || {};
    kept.event = slug(event);
    if (!kept.event) context._tell('dropped', { reason: 'invalid', what: 'event', value: event });
    return kept;
  };
  // Modules and plugins have added theirs.
  context._fit = (draft) => {
    const { properties, url = '', referrer = '' } = draft;
    if (properties) draft.properties = cleanProperties(properties, leaveProperty) as never;
    if (url.length + referrer.length < shortAddresses) return;
    for (const name of ['referrer', 'properties', 'title', 'item_name', 'url'] as const) {
      if (byteLength(JSON.stringify(draft)) <= limits.eventBytes - bytesToCome) return;
      leave(name, draft[name]);
      delete draft[name];
    }
  };
};
