import type { Tracker } from '../tracker/index.js';

/**
 * A tracker that starts at its first call: React renders more often than it shows what it rendered, so rendering must
 * not start one. Its calls are the same functions for good.
 */
export function lazyTracker(start: () => Tracker, version: string): Tracker {
  return {
    track: (event, fields) => start().track(event, fields),
    page: (fields) => start().page(fields),
    identify: (userId) => start().identify(userId),
    reset: () => start().reset(),
    consent: (state) => start().consent(state),
    use: (plugin: never) => start().use(plugin),
    flush: () => start().flush(),
    stop: () => start().stop(),
    version,
  };
}
