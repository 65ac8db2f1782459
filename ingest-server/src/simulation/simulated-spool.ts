import type { Clock } from '@millrace/kit/clock';
import type { Chunk } from '../core/chunk.js';
import { type Position, type Spool, SpoolError } from '../core/delivery/spool.js';
import { type Parcel, parcelOf } from './parcel.js';

/** A disk that keeps chunks; it outlives the server that writes on it. */
export interface SimulatedDisk {
  /** A server opens it; alarms go by the server's own clock. */
  open(clock: Clock): Spool;
  /** Chunks that are not delivered. */
  parcels(): Iterable<Parcel>;
  /** How many they are, and their events. */
  readonly chunks: number;
  readonly events: number;
  /** All that was ever written. */
  readonly written: { events: number; bytes: number };
}

/** How long a write with its sync takes; appends that come meanwhile share the next one. */
const syncMs = 3;
/** No hash: the chunk is delivered. */
const gone = -1;

/** Undelivered bytes count, so a full disk has room again as it drains. */
export function createSimulatedDisk(maxBytes: number): SimulatedDisk {
  /** By position, which starts at 1; undefined once delivered. */
  const entries: (Chunk | undefined)[] = [undefined];
  /** Their hashes, by which readers look for theirs; a list of numbers is quicker to pass than one of objects. */
  const hashes = [gone];
  /** No chunk lies before it. */
  let first = 1;
  let [chunks, events, bytes] = [0, 0, 0];
  const written = { events: 0, bytes: 0 };

  function add(chunk: Chunk): Position {
    chunks += 1;
    events += chunk.events;
    bytes += chunk.data.length;
    written.events += chunk.events;
    written.bytes += chunk.data.length;
    hashes.push(chunk.hash);
    return entries.push(chunk) - 1;
  }

  function remove(position: Position): boolean {
    const chunk = entries[position];
    if (chunk === undefined) return false;
    entries[position] = undefined;
    hashes[position] = gone;
    chunks -= 1;
    events -= chunk.events;
    bytes -= chunk.data.length;
    while (first < entries.length && entries[first] === undefined) first += 1;
    return true;
  }

  function* undelivered() {
    for (let position = first; position < entries.length; position++) {
      const chunk = entries[position];
      if (chunk !== undefined) yield chunk;
    }
  }

  const next: Spool['next'] = async ({ after, wanted, maxEvents, maxBytes: most }) => {
    const found = [];
    let [foundEvents, foundBytes] = [0, 0];
    for (let position = Math.max(first, after + 1); position < hashes.length; position++) {
      const hash = hashes[position]!;
      if (hash === gone || !wanted(hash)) continue;
      const chunk = entries[position]!;
      foundEvents += chunk.events;
      foundBytes += chunk.data.length;
      if (found.length > 0 && (foundEvents > maxEvents || foundBytes > most)) break;
      found.push({ chunk, position });
    }
    return { found, damaged: 0 };
  };

  function open(clock: Clock): Spool {
    let waiting: Parameters<Spool['append']>[] = [];
    let isSyncing = false;

    function sync() {
      isSyncing = waiting.length > 0;
      const batch = waiting;
      waiting = [];
      if (!isSyncing) return;
      clock.after(syncMs, () => {
        for (const [batchChunks, settled] of batch) {
          const size = batchChunks.reduce((sum, { data }) => sum + data.length, 0);
          if (bytes + size > maxBytes) settled(new SpoolError('full', 'the simulated spool is full'), []);
          else settled(undefined, batchChunks.map(add));
        }
        sync();
      });
    }

    return {
      leftOpen: undefined,
      settle: async () => {},
      newest: async () => [],
      append(...append) {
        waiting.push(append);
        if (!isSyncing) sync();
      },
      async next(options) {
        await clock.sleep(1);
        return next(options);
      },
      done: (positions) => positions.filter(remove).length,
      forEach(visit) {
        for (const { hash } of undelivered()) visit(hash);
      },
      stats: () => ({
        bytes,
        chunks,
        events,
        damaged: 0,
        setAsideEvents: 0,
        oldestMs: 0,
        failure: undefined,
        full: bytes >= maxBytes,
      }),
      asideBytes: async () => 0,
      close: async () => {},
    };
  }

  return {
    open,
    *parcels() {
      for (const { data } of undelivered()) {
        const parcel = parcelOf(data);
        if (parcel !== undefined) yield parcel;
      }
    },
    get chunks() {
      return chunks;
    },
    get events() {
      return events;
    },
    written,
  };
}
