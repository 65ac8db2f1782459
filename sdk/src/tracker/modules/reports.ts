import type { TrackerContext } from '../core/context.js';
import { recordStream } from '../identity/stream-records.js';
import type { TrackerModule } from '../module.js';
import { createDropCounts } from '../queue/drop-counts.js';

/**
 * Counts what is dropped, and reports the totals with a later event. A stream's first events say how far the one before
 * got. Without it only gaps in `seq` say what is missing.
 */
export const reports: TrackerModule<void> = (context: TrackerContext) => {
  recordStream(context._stream, context._store);
  const drops = createDropCounts(context._store);
  context.on('dropped', ({ reason, number }) => context._whenAllowed(() => drops._count(reason, number)));
  context._addDropCounts = (facts) => {
    const counts = drops._unreported();
    // Only beside few properties, so that all stays within the server's limit; otherwise a later event carries them.
    if (!counts || facts._properties.length >= 160) return undefined;
    facts._properties += `${facts._properties && ','}"tracker_dropped":${counts}`;
    return drops._reported;
  };
  const { _place: place } = context;
  context._place = (facts, at, isFinal) => {
    const counted = isFinal && context._addDropCounts!(facts);
    const placed = place(facts, at, isFinal);
    if (placed && counted) counted();
    return placed;
  };
};
