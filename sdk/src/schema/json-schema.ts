import { z } from 'zod';
import { eventSchema } from './event.js';
import { limits } from './limits.js';

/**
 * The event as JSON Schema (draft 2020-12), made from the Zod schema. `x-millrace-limits` has the rules that JSON
 * Schema cannot say.
 */
export function eventJsonSchema(): Record<string, unknown> {
  return {
    title: 'Millrace event',
    ...z.toJSONSchema(eventSchema, { io: 'input' }),
    'x-millrace-limits': limits,
  };
}
