import { attempt } from '../browser/attempt.js';
import type { Store } from '../browser/store.js';
import type { DropCounts, DropReason } from './drop-reason.js';

/** The counts of what was dropped. */
export interface Drops {
  _count(reason: DropReason, number?: number): void;
  /** All drops since the storage began; undefined when the last report said them all. */
  _unreported(): DropCounts | undefined;
  /** An event with the counts is stored. */
  _reported(): void;
}

/**
 * Counts drops over pages and tabs. Reports hold totals, so a report that is dropped itself hides nothing. Two tabs
 * that count in the same instant can lose a count; the exact measure of loss is the gaps in `seq`.
 */
export function createDropCounts(store: Store): Drops {
  const read = () => attempt(() => JSON.parse(store._get('d')!)) as DropCounts | undefined;
  // Asked at every event, so it reads the store only when there may be something.
  let more = store._get('d') !== store._get('o');
  return {
    _count(reason, number = 1) {
      const counts = read() || {};
      counts[reason] = (counts[reason] || 0) + number;
      store._set('d', JSON.stringify(counts));
      more = true;
    },
    _unreported: () => (more ? read() : undefined),
    _reported() {
      store._set('o', store._get('d')!);
      more = false;
    },
  };
}
