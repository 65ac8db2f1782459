import { attempt } from './attempt.js';
import type { Started } from './tracker.js';
import type { TrackerOptions } from './types.js';
import { version } from './version.js';

/**
 * The tracker as the page gets it: nothing that goes wrong in it reaches the page. Where there is no page, or the visitor has Global Privacy Control on, its calls
 * do nothing, and nothing is stored.
 */
export function safely({ gpc }: Pick<TrackerOptions, 'gpc'>, start: () => Started): object {
  const isOptedOut =
    gpc !== 'ignore' && attempt(() => (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl);
  const inner = isOptedOut ? undefined : attempt(start);
  const safe: Record<string, unknown> = { version, flush: async () => attempt(() => inner?.flush()) };
  for (const call of 'track page identify reset consent use'.split(' ')) {
    // Without `attempt`: a closure and a call more are felt at each event.
    safe[call] = (first: unknown, second: unknown) => {
      try {
        (inner![call] as (first: unknown, second: unknown) => void)(first, second);
      } catch {}
    };
  }
  return safe;
}
