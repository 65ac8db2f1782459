import { attempt } from '../browser/attempt.js';
import { parse } from '../browser/builtins.js';
import { jsonText } from '../browser/json-text.js';
import type { Store } from '../browser/store.js';
import type { DropCounts, DropReason } from './drop-reason.js';

/** The counts of what was dropped. */
export interface Drops {
  _count(reason: DropReason, number?: number): void;
  /** All drops since the storage began, as JSON; undefined when the last report said them all. */
  _unreported(): string | undefined;
  /** An event with the counts is stored. */
  _reported(): void;
}

const textOf = (counts: DropCounts): string => jsonText(counts, () => {}, 1)!;

/**
 * Counts drops over pages and tabs. Reports hold totals, so a report that is dropped itself hides nothing. Two tabs
 * that count in the same instant can lose a count; the exact measure of loss is the gaps in `seq`.
 */
export function createDropCounts(store: Store): Drops {
  const read = () => (attempt(() => parse(store._get('d')!)) || {}) as DropCounts;
  // Asked at every event, so it reads the store only when there may be something.
  let more = store._get('d') !== store._get('o');
  return {
    _count(reason, number = 1) {
      const counts = read();
      counts[reason] = (counts[reason] || 0) + number;
      store._set('d', textOf(counts));
      more = true;
    },
    // Made again, because anybody can write into the storage.
    _unreported() {
      const counts = more ? textOf(read()) : '{}';
      return counts === '{}' ? undefined : counts;
    },
    _reported() {
      store._set('o', store._get('d')!);
      more = false;
    },
  };
}
