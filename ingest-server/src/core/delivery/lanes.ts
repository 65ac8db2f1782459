import type { Chunk } from '../chunk.js';
import { laneOf } from '../hash.js';
import { Lane } from './lane.js';
import type { Ledger } from './ledger.js';

/** The present lanes. */
export interface Lanes {
  readonly list: readonly Lane[];
  of(chunk: Pick<Chunk, 'hash'>): Lane;
  /** Whether chunks of this hash go by this lane, and the lane is one of the present ones. */
  has(lane: Lane, hash: number): boolean;
  isPresent(lane: Lane): boolean;
  isSpoolInUse(): boolean;
  /** Whether any record is in flight. */
  hasInFlight(): boolean;
  /** Bytes that wait in memory, in the lanes for which `counts` is true. */
  queuedBytes(counts?: (lane: Lane) => boolean): number;
  /** How long the oldest chunk in memory has been there. */
  ageMs(now: number): number;
  /** So many new lanes; returns the old ones, with what waits in them. */
  lay(count: number): readonly Lane[];
}

/** No lanes, until `lay` is called. Each writes what it puts into the ledger, if there is one. */
export function createLanes(ledger: Ledger | undefined): Lanes {
  let list: Lane[] = [];
  return {
    get list() {
      return list;
    },
    of: ({ hash }) => list[laneOf(hash, list.length)]!,
    has: (lane, hash) => list[laneOf(hash, list.length)] === lane,
    isPresent: (lane) => list[lane.index] === lane,
    isSpoolInUse: () => list.some(({ isSpooled }) => isSpooled),
    hasInFlight: () => list.some(({ isInFlight }) => isInFlight),
    queuedBytes(counts = () => true) {
      let bytes = 0;
      for (const lane of list) if (counts(lane)) bytes += lane.queuedBytes;
      return bytes;
    },
    ageMs(now) {
      let since = now;
      // A chunk from the spool is older than its time in memory, and the spool knows by how much.
      for (const { queue } of list) since = Math.min(since, queue[0]?.since ?? now);
      return now - since;
    },
    lay(count) {
      const old = list;
      list = Array.from({ length: count }, (_, index) => new Lane(index, ledger?.open()));
      return old;
    },
  };
}
