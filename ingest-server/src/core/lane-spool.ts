import type { Spool, SpooledChunk } from '../spool/spool.js';
import type { Accounts } from './account.js';
import { backoffMs, retries } from './backoff.js';
import { type Chunk, recordLimits } from './chunk.js';
import type { Clock } from './clock.js';
import type { DeliveryHooks } from './delivery-hooks.js';
import {
  enqueue,
  fitting,
  isSpooled,
  isUnsafe,
  type Lane,
  liesBehind,
  makeSafe,
  removeIf,
  type Waiting,
  waitingFor,
} from './lane.js';
import type { Lanes } from './lanes.js';
import { NotSafeError } from './not-safe-error.js';

export interface LaneSpoolOptions {
  lanes: Lanes;
  spool: Spool;
  clock: Clock;
  random: () => number;
  /** What may wait in memory, in bytes. */
  maxQueuedBytes: number;
  hooks: DeliveryHooks;
  accounts: Accounts;
  /** Something changed that may make something due. */
  wake(): void;
  isStopped(): boolean;
}

/** The traffic between the lanes and the spool: what leaves memory for the disk, and how it comes back, in order. */
export interface LaneSpool {
  /** Appends to the spool, each request's chunks together; in the queue or not, the chunks are settled by the append or, earlier, by the stream. */
  spill(batch: readonly Waiting[]): void;
  /** Everything of a lane that is not safe yet goes to the spool, in order; what comes later queues up behind it there. */
  spillLane(lane: Lane): void;
  /** Lets go of what need not wait in memory: what was refused, and what is in the spool beyond what is read ahead. */
  trim(lane: Lane): void;
  /** Whether the spool has more of this lane than its queue, and the queue has room. */
  wantsRefill(lane: Lane): boolean;
  refill(lane: Lane): void;
  /** What the stream has need not be in the spool any more. */
  delivered(lane: Lane, chunks: readonly Waiting[]): void;
  /** Takes out of the spool, and out of what is in memory of it, what the stream has had since before the start. */
  putBefore(found: readonly SpooledChunk[]): void;
  /** Tells the lanes, which are new, what the spool has for them; what waited in the old ones joins them behind it. */
  adopt(old: readonly Lane[]): void;
  isAppending(): boolean;
  /** What waits in memory to be appended, and is in no lane's queue. */
  outsideLanes(): { events: number; bytes: number };
  /** Tells, once per change, whether the spool is in use. */
  noteUse(): void;
}

/** What one append takes, about: where not all of a long queue fits into the spool, much of it may, and an append is stored as a whole or not at all. */
const pieceBytes = 1024 * 1024;

/** Cuts what is spooled into appends, between requests: a part of one that is kept though the request is refused comes twice. */
function piecesOf(batch: readonly Waiting[]): Waiting[][] {
  const pieces: Waiting[][] = [];
  let bytes = 0;
  let request: Waiting['request'];
  for (const waiting of batch) {
    if (pieces.length === 0 || (bytes >= pieceBytes && waiting.request !== request)) {
      pieces.push([]);
      bytes = 0;
    }
    pieces.at(-1)!.push(waiting);
    bytes += waiting.chunk.data.length;
    request = waiting.request;
  }
  return pieces;
}

export function createLaneSpool(options: LaneSpoolOptions): LaneSpool {
  const { lanes, spool, clock, random, maxQueuedBytes, hooks, accounts, wake, isStopped } = options;
  /**
   * How many chunks of each visitor are being appended. Not a set of the chunks: when a set has seen so many come and go that it is laid out
   * anew, its old table still refers to what was in it and to the new table. Once such a table is old nothing that passes through the set is
   * collected while it is young.
   */
  const appending = new Map<number, number>();
  let appendingEvents = 0;
  let appendingBytes = 0;
  let inUse = false;

  /** What a lane holds in memory of what the spool has: all lanes together a sixteenth of what may wait in memory. */
  const readAheadBytes = () => Math.min(recordLimits.bytes, maxQueuedBytes / 16 / lanes.list.length);

  function countBacklog() {
    spool.forEach((hash) => {
      lanes.of({ hash }).backlog += 1;
    });
  }

  function countAppending({ hash, events, data }: Chunk, change: 1 | -1) {
    appendingEvents += change * events;
    appendingBytes += change * data.length;
    const count = (appending.get(hash) ?? 0) + change;
    if (count === 0) appending.delete(hash);
    else appending.set(hash, count);
    lanes.of({ hash }).appending += change;
  }

  function noteUse() {
    const now = lanes.isSpoolInUse();
    if (now === inUse) return;
    inUse = now;
    hooks.spool?.(inUse);
  }

  function spill(batch: readonly Waiting[]) {
    if (batch.length === 0) return;
    for (const waiting of batch) {
      waiting.spooling = true;
      countAppending(waiting.chunk, 1);
    }
    noteUse();
    // Only now: what is refused at once may make more of the lane be spilled.
    for (const piece of piecesOf(batch)) append(piece);
  }

  function append(batch: readonly Waiting[]) {
    const chunks = batch.map(({ chunk }) => chunk);
    spool.append(chunks, (error, positions) => {
      let stored = 0;
      batch.forEach((waiting, i) => {
        waiting.spooling = false;
        countAppending(waiting.chunk, -1);
        const lane = lanes.of(waiting.chunk);
        if (error === undefined) {
          waiting.position = positions[i]!;
          lane.backlog += 1;
          stored += waiting.chunk.events;
          // First: of a request that this answers, as of most, nothing need be noted.
          makeSafe(waiting);
          accounts.spooled(waiting);
          if (waiting.delivered) lane.backlog -= spool.done([waiting.position]);
        } else if (!waiting.safe) {
          waiting.dropped = true;
          waiting.ticket?.settle(new NotSafeError(error.message));
        }
      });
      if (stored > 0) hooks.spooled?.(stored);
      for (const lane of new Set(chunks.map(lanes.of))) trim(lane);
      noteUse();
      wake();
    });
  }

  function trim(lane: Lane) {
    removeIf(lane, ({ dropped }) => dropped);
    // While more is being read to follow the queue's end, that end must stay; and then the queue is short anyway.
    if (lane.refilling || !isSpooled(lane)) return;
    // What is in the spool may not go while something stays that came after it.
    if (lane.queue.some(({ position }, index) => index >= lane.inFlight && position === undefined)) return;
    const keep = lane.inFlight + fitting(lane.queue.slice(lane.inFlight), readAheadBytes());
    removeIf(lane, (_, index) => index >= keep);
  }

  function refill(lane: Lane) {
    lane.refilling = true;
    const isStale = () => isStopped() || !lanes.isPresent(lane);
    const more = spool.next({
      after: lane.queue.at(-1)?.position ?? 0,
      wanted: (hash) => lanes.has(lane, hash),
      maxEvents: recordLimits.events,
      maxBytes: readAheadBytes(),
    });
    more
      .then(
        ({ found, damaged }) => {
          lane.refilling = false;
          if (isStale()) return;
          lane.backlog -= damaged;
          // A new segment was begun while the old ones were read: it is looked at next time.
          if (found.length === 0 && damaged === 0) lane.retryAt = Math.max(lane.retryAt, clock.now() + 10);
          for (const { chunk, position } of found) enqueue(lane, waitingFor(chunk, undefined, clock.now(), position));
        },
        (error: Error) => {
          lane.refilling = false;
          if (isStale()) return;
          hooks.spoolUnreadable?.(error);
          if (lane.attempts === 0) lane.failingSince = clock.now();
          lane.attempts += 1;
          lane.retryAt = clock.now() + backoffMs(lane.attempts, random, retries.misconfigured);
        },
      )
      .then(() => {
        noteUse();
        wake();
      });
  }

  return {
    spill,
    spillLane: (lane) => spill(lane.queue.filter(isUnsafe)),
    trim,
    refill,
    noteUse,
    isAppending: () => appending.size > 0,

    outsideLanes() {
      let events = appendingEvents;
      let bytes = appendingBytes;
      for (const { queue, appending: count } of lanes.list) {
        if (count === 0) continue;
        for (const { chunk, spooling } of queue) {
          if (!spooling) continue;
          events -= chunk.events;
          bytes -= chunk.data.length;
        }
      }
      return { events, bytes };
    },

    wantsRefill(lane) {
      if (lane.refilling || lane.backlog === 0) return false;
      const isShort = lane.queuedBytes < readAheadBytes() && lane.queuedEvents < recordLimits.events;
      // While a record is in flight the next one is read, however large the first is.
      if (!isShort && lane.queue.length > lane.inFlight) return false;
      // What is read follows the queue's end, so all of the queue must be in the spool.
      if (lane.queue.some(({ position }) => position === undefined)) return false;
      return lane.backlog > lane.queue.length;
    },

    delivered(lane, chunks) {
      const positions = chunks.flatMap(({ position }) => position ?? []);
      if (positions.length > 0) lane.backlog -= spool.done(positions);
    },

    putBefore(found) {
      const places = new Set(found.map(({ position }) => position));
      for (const lane of lanes.list) removeIf(lane, ({ position }) => position !== undefined && places.has(position));
      for (const { chunk, position } of found) {
        accounts.delivered(waitingFor(chunk, undefined, clock.now(), position));
        spool.done([position]);
      }
      // Who looked for them may also have come upon damaged ones, which were set aside.
      for (const lane of lanes.list) lane.backlog = 0;
      countBacklog();
      noteUse();
    },

    adopt(old) {
      countBacklog();
      for (const [hash, count] of appending) lanes.of({ hash }).appending += count;
      const behind: Waiting[] = [];
      for (const waiting of old.flatMap(({ queue }) => queue)) {
        // What is in the spool, or on its way there, is read from it again.
        if (waiting.position !== undefined || waiting.spooling || waiting.dropped) continue;
        const lane = lanes.of(waiting.chunk);
        if (liesBehind(lane)) behind.push(waiting);
        else enqueue(lane, waiting);
      }
      spill(behind);
      noteUse();
    },
  };
}
