import type { MillraceEvent } from '../schema/event.js';
import { limits } from '../schema/limits.js';
import { attempt } from './attempt.js';
import { byteLength } from './bytes.js';

/** The fields of an event that a page gives. */
export type CleanFields = Pick<
  MillraceEvent,
  'item_id' | 'item_name' | 'item_quantity' | 'item_price' | 'currency' | 'order_id' | 'properties'
>;

/** Gives the value as the schema wants it, or undefined when it does not fit. */
type Cleaner = (value: unknown) => unknown;

const id: Cleaner = (value) => {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= 64 ? text : undefined;
};

/** Attributes give numbers as text. */
const numberWithin =
  (max: number, whole: boolean): Cleaner =>
  (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && number >= 0 && number <= max && (!whole || Number.isInteger(number))
      ? number
      : undefined;
  };

const cleaners = new Map<string, Cleaner>(
  Object.entries({
    item_id: id,
    item_name: (value) => (typeof value === 'string' ? value.slice(0, 256) : id(value)),
    item_quantity: numberWithin(1e6, true),
    item_price: numberWithin(1e9, false),
    currency: (value) => {
      const code = typeof value === 'string' ? value.toUpperCase() : '';
      return /^[A-Z]{3}$/.test(code) ? code : undefined;
    },
    order_id: id,
    page: (value) => value,
  }),
);

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

/** The properties as they will be in JSON, or undefined when they are none or too much. */
export function cleanProperties(given: unknown): CleanFields['properties'] | undefined {
  return attempt(() => {
    const text = JSON.stringify(given);
    const value = JSON.parse(text);
    const fits =
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      // The server refuses this name, and the whole event with it.
      !Object.keys(value).includes('__proto__') &&
      Object.keys(value).length <= limits.propertiesKeys &&
      isShallow(value, limits.propertiesDepth) &&
      byteLength(text) <= limits.propertiesBytes;
    return fits ? value : undefined;
  });
}

/**
 * Takes from `given` what the schema allows. A field of another name goes into the properties, where the schema wants it. Null and undefined
 * are no values. What does not fit is left out and handed to `leftOut`; the event goes without it.
 */
export function cleanFields(
  given: unknown,
  leftOut: (field: string, value: unknown) => void,
): { fields: CleanFields; page?: unknown } {
  const fields: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  if (typeof given !== 'object' || given === null) {
    if (given !== undefined && given !== null) leftOut('fields', given);
    return { fields };
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || name === 'properties') continue;
    const cleaner = cleaners.get(name);
    if (!cleaner) {
      others[name] = value;
      continue;
    }
    const clean = cleaner(value);
    if (clean === undefined) leftOut(name, value);
    else fields[name] = clean;
  }
  const inner = (given as { properties?: unknown }).properties;
  const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  if (!isObject && inner !== undefined && inner !== null) leftOut('properties', inner);
  const properties = { ...others, ...(isObject ? inner : {}) };
  if (Object.keys(properties).length > 0) {
    const clean = cleanProperties(properties);
    if (clean) fields.properties = clean;
    else leftOut('properties', properties);
  }
  const { page, ...rest } = fields;
  return { fields: rest as CleanFields, page };
}
