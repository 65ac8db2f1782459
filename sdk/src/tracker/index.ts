export { createTracker } from './tracker.js';
export type { EventName, Fields, Names, PageName, Tracker, TrackerOptions } from './types.js';
export { version } from './version.js';
