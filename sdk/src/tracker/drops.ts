import { attempt } from './attempt.js';
import type { Part } from './plugin.js';
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
  count(reason: DropReason, number?: number): void;
  /** All that was dropped since the storage began, when there is more than the last report said. */
  pending(): DropCounts | undefined;
  /** An event that carries them has been stored. */
  reported(): void;
}

/**
 * Counts what is dropped, over pages and tabs. What is reported are totals, so a report that is dropped itself hides nothing. Two tabs that count in the
 * same instant can lose a count; the exact measure of loss is the gaps in `seq`.
 */
export function createDrops(store: Store): Drops {
  const read = () => attempt(() => JSON.parse(store.get('d')!)) as DropCounts | undefined;
  // Asked at every event, so the store is read only when there may be something.
  let more = store.get('d') !== store.get('o');
  return {
    count(reason, number = 1) {
      const counts = read() || {};
      counts[reason] = (counts[reason] || 0) + number;
      store.set('d', JSON.stringify(counts));
      more = true;
    },
    pending: () => (more ? read() : undefined),
    reported() {
      store.set('o', store.get('d')!);
      more = false;
    },
  };
}

/** Counts what is dropped, and tells it with a later event. Without this part only the gaps in `seq` say what is missing. */
export const reports: Part<void> = (inside) => {
  const drops = createDrops(inside.store);
  inside.on('dropped', ({ reason, number }) => inside.pass(() => drops.count(reason, number)));
  const { seal } = inside;
  inside.seal = (draft, at) => {
    const counts = drops.pending();
    // Only beside few properties, so that all stays within what the server takes; else a later event carries them.
    const tells = counts && JSON.stringify({ ...draft.properties }).length < 160;
    if (tells) draft.properties = { ...draft.properties, [dropsProperty]: counts };
    seal(draft, at);
    if (tells) drops.reported();
  };
};
