import { attempt } from './attempt.js';
import type { Store } from './store.js';

/**
 * Why something was dropped. Events: `full` and `old` at the queue's bounds, `refused` by the server (4xx), `too_large` for it even alone.
 * Calls and fields: `invalid`, when a call cannot be understood, `field`, when an event went without a field that does not fit.
 */
export type DropReason = 'full' | 'old' | 'refused' | 'too_large' | 'invalid' | 'field';
export type DropCounts = { [Reason in DropReason]?: number };

/** The property that carries the counts to the server. */
export const dropsProperty = 'tracker_dropped';

export interface Drops {
  count(reason: DropReason): void;
  /** Counts a dropped event, and takes back the counts that it carried itself. */
  event(reason: DropReason, line: string | undefined): void;
  /** What has not been reported yet, undefined for nothing. */
  pending(): DropCounts | undefined;
  /** An event that carries all that is pending has been stored. */
  reported(): void;
}

/**
 * Counts what is dropped, over pages and tabs, until an event has carried it off. Two tabs that count in the same instant can lose a
 * count; the exact measure of loss is the gaps in `seq`.
 */
export function createDrops(store: Store): Drops {
  // Asked at every event, so the store is read only when there may be something.
  let some = store.get('d') !== undefined;
  const read = () => (attempt(() => JSON.parse(store.get('d') ?? '{}')) ?? {}) as DropCounts;

  function add(counts: DropCounts): void {
    const sum: Record<string, number> = read();
    for (const [reason, number] of Object.entries(counts)) sum[reason] = (sum[reason] ?? 0) + number;
    store.set('d', JSON.stringify(sum));
    some = true;
  }

  return {
    count: (reason) => add({ [reason]: 1 }),
    event(reason, line) {
      add({ [reason]: 1 });
      const carried = attempt(() => JSON.parse(line!).properties[dropsProperty]);
      if (carried) add(carried);
    },
    pending() {
      const counts = some ? read() : {};
      // Another tab may have reported them.
      some = Object.keys(counts).length > 0;
      return some ? counts : undefined;
    },
    reported() {
      store.remove('d');
      some = false;
    },
  };
}
