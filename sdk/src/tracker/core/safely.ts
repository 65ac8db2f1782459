import { attempt } from '../browser/attempt.js';
import { each } from '../browser/builtins.js';
import type { TrackerOptions } from '../types.js';
import { version } from '../version.js';
import type { Started } from './start-tracker.js';

/** The calls of a tracker that give nothing back. */
export const callNames = ['track', 'page', 'identify', 'reset', 'consent', 'use'];

/** The trackers of this page by their keys, also for another copy of this code. */
const registry = globalThis as { [millrace: symbol]: Record<string, object> | undefined };
const name = Symbol.for('millrace');

/**
 * The tracker as the page gets it: no error of ours reaches the page. On a server, or where the visitor has Global
 * Privacy Control on, its calls do nothing and store nothing. A key has one tracker: it is the same until `stop()`.
 */
export function safely({ gpc, key }: Pick<TrackerOptions, 'gpc' | 'key'>, start: () => Started): object {
  const trackers = registry[name] || {};
  const known = trackers[key];
  if (known) return known;
  const isOptedOut =
    gpc !== 'ignore' && attempt(() => (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl);
  let inner = isOptedOut ? undefined : attempt(start);
  const safe: Record<string, unknown> = { version, flush: async () => attempt(() => inner?.flush()) };
  each(callNames, (call) => {
    // Not `attempt`: a further closure and call would cost at each event.
    safe[call] = (first: unknown, second: unknown) => {
      try {
        (inner![call] as (first: unknown, second: unknown) => void)(first, second);
      } catch {}
    };
  });
  safe.stop = () => {
    attempt(() => inner!.stop());
    inner = undefined;
    delete trackers[key];
  };
  // A server has its requests' pages in one process.
  if (inner) {
    trackers[key] = safe;
    registry[name] = trackers;
  }
  return safe;
}
