import { now } from '../browser/time.js';
import type { TrackerContext } from '../core/context.js';
import { shortId } from '../identity/short-id.js';
import type { TrackerModule } from '../module.js';
import { createLease } from '../send/lock.js';

/** One sending tab at a time, also on pages without Web Locks (plain http). */
export const lease: TrackerModule<void> = (context: TrackerContext) => {
  context._lease = createLease(context._store, shortId(now()), now);
};
