import { limits } from '../../schema/limits.js';
import { attempt } from '../browser/attempt.js';
import { byteLength } from '../browser/byte-length.js';
import type { TrackerContext } from '../core/context.js';
import { toSlug } from '../core/slug.js';
import type { TrackerModule } from '../module.js';

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

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

/** The properties as they will be in JSON, or undefined when they are not an object or exceed the limits. */
function cleanProperties(given: Record<string, unknown>): Record<string, unknown> | undefined {
  let value: Record<string, unknown> | undefined = given;
  let names = Object.keys(given);
  let isFlat = true;
  /** An upper bound: an escaped character has six bytes. Counting exactly is expensive, and seldom needed. */
  let bytes = 0;
  for (const name of names) {
    const inner = given[name];
    isFlat = isFlat && 'string number boolean'.includes(typeof inner);
    bytes += 6 * (name.length + ((isFlat && (inner as string).length) || 4) + 1);
  }
  if (!isFlat) {
    value = attempt(() => JSON.parse(JSON.stringify(given)));
    names = Object.keys(value || {});
    bytes = limits.eventBytes;
  }
  const fits =
    typeof value === 'object' &&
    !Array.isArray(value) &&
    // The server rejects an event with this name.
    !names.includes('__proto__') &&
    names.length <= limits.propertiesKeys &&
    (isFlat || isShallow(value, limits.propertiesDepth)) &&
    (bytes <= limits.propertiesBytes || byteLength(JSON.stringify(value)) <= limits.propertiesBytes);
  return (fits && value) || undefined;
}

/**
 * Takes what the schema allows from `given`, an event's name and fields. Names become slugs. Fields that the schema
 * does not have go into the properties. Null and undefined are left out. The event goes without what does not fit;
 * `leave` gets it.
 */
export function cleanFields(
  given: Record<string, unknown>,
  leave: (field: string, value: unknown) => void,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const inner = given.properties;
  const isObject = typeof inner === 'object' && !Array.isArray(inner);
  if (!isObject && inner !== undefined) leave('properties', inner);
  const properties: Record<string, unknown> = isObject ? { ...inner } : {};
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (value === undefined || value === null || name === 'properties') continue;
    const cleaner = cleaners[name];
    if (!cleaner) properties[name] = properties[name] ?? value;
    else {
      fields[name] = cleaner(value);
      // An event without a name is dropped as a whole.
      if (fields[name] === undefined && name !== 'event') leave(name, value);
    }
  }
  if (Object.keys(properties).length) {
    fields.properties = cleanProperties(properties);
    if (!fields.properties) leave('properties', properties);
  }
  return fields;
}

/** Makes names and fields fit the schema in the page, where the mistake can be seen and costs no request. */
export const clean: TrackerModule<void> = (context: TrackerContext) => {
  const { _tell: tell } = context;
  context._clean = (event, fields) => {
    // Reading the fields runs the page's code (getters, proxies), which may throw.
    const copy = attempt(
      () => ({ ...(fields as object), event }),
      () => tell('dropped', { reason: 'field', what: 'fields' }),
    );
    const given = cleanFields(copy || { event }, (what, value) => tell('dropped', { reason: 'field', what, value }));
    if (!given.event) tell('dropped', { reason: 'invalid', what: 'event', value: event });
    return given;
  };
};
