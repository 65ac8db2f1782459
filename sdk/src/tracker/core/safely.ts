import { attempt } from '../browser/attempt.js';
import { each } from '../browser/builtins.js';
import type { TrackerOptions } from '../types.js';
import { version } from '../version.js';
import type { Started } from './start-tracker.js';

/**
 * The tracker as the page gets it: no error of ours reaches the page. On a server, or where the visitor has Global
 * Privacy Control on, its calls do nothing and store nothing.
 */
export function safely({ gpc }: Pick<TrackerOptions, 'gpc'>, start: () => Started): object {
  const isOptedOut =
    gpc !== 'ignore' && attempt(() => (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl);
  const inner = isOptedOut ? undefined : attempt(start);
  const safe: Record<string, unknown> = { version, flush: async () => attempt(() => inner?.flush()) };
  each(['track', 'page', 'identify', 'reset', 'consent', 'use'], (call) => {
    // Not `attempt`: a further closure and call would cost at each event.
    safe[call] = (first: unknown, second: unknown) => {
      try {
        (inner![call] as (first: unknown, second: unknown) => void)(first, second);
      } catch {}
    };
  });
  return safe;
}
