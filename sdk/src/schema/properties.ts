import { z } from 'zod';
import { limits } from './limits.js';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

const encoder = new TextEncoder();

/** How many levels of objects and arrays a value has; a plain value has none. Stops counting past `max`. */
export function depthOf(value: unknown, max: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (max <= 0) return 1;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner, max - 1));
  return 1 + deepest;
}

const limitedRecord = z
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    const keys = Object.keys(value).length;
    if (keys > limits.propertiesKeys) return refuse(`has ${keys} keys; at most ${limits.propertiesKeys} are kept`);
    if (depthOf(value, limits.propertiesDepth) > limits.propertiesDepth) {
      return refuse(`is nested deeper than ${limits.propertiesDepth} levels`);
    }
    const bytes = encoder.encode(JSON.stringify(value)).length;
    if (bytes > limits.propertiesBytes) refuse(`has ${bytes} bytes; at most ${limits.propertiesBytes} are kept`);
  })
  .transform((value) => value as { [key: string]: JsonValue });

/**
 * A site's own fields: a JSON object of at most 32 keys, 3 levels and 4 KiB. A key `__proto__` is refused before Zod sees it: a record
 * leaves it out without a word, and with it the limits on what it holds.
 */
export const propertiesSchema = z.preprocess((value, context) => {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
    context.addIssue({
      code: 'custom',
      path: ['__proto__'],
      message: 'is not a name that properties may have',
      input: value,
    });
  }
  return value;
}, limitedRecord);
