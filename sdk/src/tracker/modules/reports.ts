import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import { createDropCounts } from '../queue/drop-counts.js';

/**
 * Counts what is dropped, and reports the totals with a later event. Without it only gaps in `seq` say what is missing.
 */
export const reports: TrackerModule<void> = (context: TrackerContext) => {
  const drops = createDropCounts(context._store);
  context.on('dropped', ({ reason, number }) => context._whenAllowed(() => drops._count(reason, number)));
  context._addDropCounts = (draft) => {
    const counts = drops._unreported();
    // Only beside few properties, so that all stays within the server's limit; otherwise a later event carries them.
    if (!counts || JSON.stringify({ ...draft.properties }).length >= 160) return undefined;
    draft.properties = { ...draft.properties, tracker_dropped: counts as Record<string, number> };
    return drops._reported;
  };
};
