import { attempt } from '../browser/attempt.js';
import { parse, stringify } from '../browser/builtins.js';
import { plainValue } from '../browser/json-text.js';
import type { TrackerContext } from '../core/context.js';
import { recordStream } from '../identity/stream-records.js';
import type { TrackerModule } from '../module.js';
import type { DropCounts } from '../queue/drop-reason.js';

/**
 * Counts what is dropped, over pages and tabs, and reports the totals with a later event: a report that is dropped
 * itself hides nothing. Two tabs that count in the same instant can lose a count; the exact measure of loss is the gaps
 * in `seq`. A stream's first events say how far the one before got.
 */
export const reports: TrackerModule<void> = (context: TrackerContext) => {
  const { _store: store } = context;
  recordStream(context._stream, store);
  const read = () => (attempt(() => parse(store._get('d')!)) || {}) as DropCounts;
  const textOf = (counts: DropCounts) => stringify(plainValue(counts, () => {}, 1));
  context.on('dropped', ({ reason, number = 1 }) =>
    context._whenAllowed(() => {
      const counts = read();
      counts[reason] = (counts[reason] || 0) + number;
      store._set('d', textOf(counts));
    }),
  );
  context._addDropCounts = (facts) => {
    // Made again, because anybody can write into the storage.
    const counts = store._get('d') && textOf(read());
    // Only beside few properties, so that all stays within the server's limit; otherwise a later event carries them.
    if (!counts || counts === (store._get('o') || '{}') || facts._properties.length >= 160) return undefined;
    facts._properties += `${facts._properties && ','}"tracker_dropped":${counts}`;
    return () => store._set('o', counts);
  };
  const { _place: place } = context;
  context._place = (facts, at, isFinal) => {
    const counted = isFinal && context._addDropCounts!(facts);
    const placed = place(facts, at, isFinal);
    if (placed && counted) counted();
    return placed;
  };
};
