import { attempt } from '../tracker/browser/attempt.js';
import { createTracker, type Tracker, type TrackerModule, type TrackerOptions } from '../tracker/index.js';
import { nothing } from './nothing.js';

/** The tracker of a key: the same one however often React mounts, remounts or, in development, mounts twice. */
export const trackerOf = (options: TrackerOptions, modules: () => readonly TrackerModule[]): Tracker =>
  // Without a module its call is there and does nothing.
  (attempt(() => createTracker(options, modules())) as Tracker | undefined) ?? nothing;
