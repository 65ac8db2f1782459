import { attempt } from '../tracker/browser/attempt.js';
import { createTracker, type Tracker, type TrackerModule, type TrackerOptions } from '../tracker/index.js';
import { nothing } from './nothing.js';

const trackers = new Map<string, Tracker>();

/** The tracker of a key: the same one however often React mounts, remounts or, in development, mounts twice. */
export function trackerOf(options: TrackerOptions, modules: () => readonly TrackerModule[]): Tracker {
  const known = trackers.get(options.key);
  if (known) return known;
  // Without a module its call is there and does nothing.
  const tracker = (attempt(() => createTracker(options, modules())) as Tracker | undefined) ?? nothing;
  // On a server a tracker does nothing, and none is kept from one request to the next.
  if (typeof window !== 'undefined') trackers.set(options.key, tracker);
  return tracker;
}
