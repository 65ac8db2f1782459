import { z } from 'zod';
import { jsonLength } from './json-length.js';
import type { JsonValue } from './json-value.js';
import { limits } from './limits.js';

const encoder = new TextEncoder();

/** The levels of objects and arrays of a value; 0 for a plain value. Stops counting beyond `max`. */
export function depthOf(value: unknown, max: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (max <= 0) return 1;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner, max - 1));
  return 1 + deepest;
}

/** Whether each number of a value is one that JSON can write: 1E400 is read as Infinity, which no reader gets back. */
function areFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(areFinite);
}

/** What is wrong with a plain object as `properties`; undefined when nothing is. */
function limitFault(value: Record<string, unknown>): string | undefined {
  const keys = Object.keys(value).length;
  if (keys > limits.propertiesKeys) return `has ${keys} keys; at most ${limits.propertiesKeys} are kept`;
  if (depthOf(value, limits.propertiesDepth) > limits.propertiesDepth) {
    return `is nested deeper than ${limits.propertiesDepth} levels`;
  }
  // Most are so small that they need not be written to be measured: a character becomes six bytes at most.
  if (jsonLength(value) * 6 <= limits.propertiesBytes) return undefined;
  if (!areFinite(value)) return 'has a number beyond the range of a double, as 1E400: send it as text';
  const bytes = encoder.encode(JSON.stringify(value)).length;
  return bytes > limits.propertiesBytes ? `has ${bytes} bytes; at most ${limits.propertiesBytes} are kept` : undefined;
}

const protoFault = 'is not a name that properties may have';

/** What is wrong with a value from JSON.parse as `properties`, in the schema's words; undefined when nothing is. */
export function propertiesFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  if (Object.hasOwn(value, '__proto__')) return protoFault;
  return limitFault(value as Record<string, unknown>);
}

const limitedRecord = z
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    const message = limitFault(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .transform((value) => value as { [key: string]: JsonValue });

/**
 * A site's own fields: a JSON object of at most 32 keys, 3 levels and 4 KiB. A key `__proto__` is refused before Zod
 * sees it: a record leaves it out without a word, and with it the limits on what it holds.
 */
export const propertiesSchema = z.preprocess((value, context) => {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
    context.addIssue({
      code: 'custom',
      path: ['__proto__'],
      message: protoFault,
      input: value,
    });
  }
  return value;
}, limitedRecord);
