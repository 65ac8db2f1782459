import type { Chunk } from '../chunk.js';
import type { Lanes } from './lanes.js';

/** Counts the chunks that are being appended to the spool, over all lanes and by lane. */
export interface Appending {
  isEmpty(): boolean;
  /** An append begins (1), or is settled (-1). */
  count(chunk: Chunk, change: 1 | -1): void;
  /** Enters the counts into the present lanes, which are new. */
  enterIntoLanes(): void;
  /** What is being appended and waits in no lane's queue. */
  outsideQueues(): { events: number; bytes: number };
}

/** Counts of chunks that go by these lanes. */
export function createAppending(lanes: Lanes): Appending {
  /**
   * Chunks by visitor. Not a set of the chunks: when a set that has seen many come and go is laid out anew, its old
   * table still refers to its content and to the new table. Once such a table is old, nothing that passes through the
   * set is collected while it is young.
   */
  const chunks = new Map<number, number>();
  let events = 0;
  let bytes = 0;

  return {
    isEmpty: () => chunks.size === 0,

    count({ hash, events: chunkEvents, data }, change) {
      events += change * chunkEvents;
      bytes += change * data.length;
      const count = (chunks.get(hash) ?? 0) + change;
      if (count === 0) chunks.delete(hash);
      else chunks.set(hash, count);
      lanes.of({ hash }).changeAppending(change);
    },

    enterIntoLanes() {
      for (const [hash, count] of chunks) lanes.of({ hash }).changeAppending(count);
    },

    outsideQueues() {
      let [outsideEvents, outsideBytes] = [events, bytes];
      for (const { queue, isAppending } of lanes.list) {
        if (!isAppending) continue;
        for (const { chunk, spooling } of queue) {
          if (!spooling) continue;
          outsideEvents -= chunk.events;
          outsideBytes -= chunk.data.length;
        }
      }
      return { events: outsideEvents, bytes: outsideBytes };
    },
  };
}
