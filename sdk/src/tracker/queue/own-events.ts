import { exitBatchChars, exitEvents } from '../bounds.js';
import { filter, part, push } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import { type Batch, batchOf } from './batch.js';
import type { Entry } from './entry.js';
import { lastBegun } from './runs.js';

/** The page's own newest events, in memory, because a page exit has no time to ask IndexedDB. */
export interface OwnEvents {
  _add(entry: Entry): void;
  _clear(): void;
  /** The next batch, small enough for a page exit, of events that were never sent; undefined when there is none. */
  _nextUnsent(): Batch | undefined;
}

/** Keeps at most `exitEvents`: more do not fit into a page exit. */
export function createOwnEvents(store: Store): OwnEvents {
  let own: Entry[] = [];
  return {
    _add(entry) {
      if (push(own, entry) > exitEvents) own = part(own, 1);
    },
    _clear() {
      own = [];
    },
    _nextUnsent() {
      own = filter(own, (entry) => entry.seq > lastBegun(store, entry.stream));
      let chars = 0;
      const taken: Entry[] = [];
      for (const entry of own) {
        chars += entry.text.length;
        if (taken.length && (entry.stream !== taken[0]!.stream || chars > exitBatchChars)) break;
        push(taken, entry);
      }
      return taken.length ? batchOf(taken, taken[taken.length - 1]!.seq) : undefined;
    },
  };
}
