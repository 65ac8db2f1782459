/**
 * A module of the tracker: hand it to `createTracker` or `use()`. What it gets is private to the tracker, so write a
 * `Plugin` for your own code. Every plugin is also a module.
 */
export type TrackerModule<Calls = unknown> = (context: never) => Calls;
