import { type Tracker, version } from '../tracker/index.js';

/** Stands in where no tracker can be had: that is no reason for a page to fail. */
export const nothing: Tracker = {
  track() {},
  page() {},
  identify() {},
  reset() {},
  consent() {},
  use() {},
  flush: async () => {},
  stop() {},
  version,
};
