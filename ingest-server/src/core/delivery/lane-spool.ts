import type { Clock } from '@millrace/kit/clock';
import type { Chunk } from '../chunk.js';
import { createAppending } from './appending.js';
import type { Balance } from './balance.js';
import type { DeliveryHooks } from './delivery-hooks.js';
import type { Lane } from './lane.js';
import { createLaneRefill } from './lane-refill.js';
import type { Lanes } from './lanes.js';
import type { LedgerQueue } from './ledger.js';
import { NotSafeError } from './not-safe-error.js';
import type { Position, Spool, SpoolError, SpooledChunk } from './spool.js';
import { isUnsafe, makeSafe, type Waiting, waitingFor } from './ticket.js';

/** The lanes, the spool, and who learns what became of the chunks. */
export interface LaneSpoolOptions {
  lanes: Lanes;
  /** Where it writes down what it spools. */
  ledger: LedgerQueue | undefined;
  spool: Spool;
  clock: Clock;
  random: () => number;
  /** Bytes that may wait in memory. */
  maxQueuedBytes: number;
  hooks: DeliveryHooks;
  balance: Balance;
  /** Something changed that may make something due. */
  wake(): void;
  isStopped(): boolean;
}

/** The traffic between the lanes and the spool: what leaves memory for the disk, and how it comes back, in order. */
export interface LaneSpool {
  /** Appends to the spool, each request's chunks together. The append settles them or, earlier, the stream does. */
  spill(batch: readonly Waiting[]): void;
  /** Spills all chunks of a lane that are not safe yet, in order; later ones queue up behind them in the spool. */
  spillLane(lane: Lane): void;
  /** Drops chunks that need not wait in memory: spooled ones beyond the read-ahead. */
  trim(lane: Lane): void;
  /** Whether the spool has more of this lane than its queue, and the queue has room. */
  wantsRefill(lane: Lane): boolean;
  /** Reads the lane's next chunks from the spool. */
  refill(lane: Lane): void;
  /** The stream has these chunks: the spool need not keep them. */
  delivered(lane: Lane, chunks: readonly Waiting[]): void;
  /** Takes chunks that the stream had before the start out of the spool and out of memory. */
  putBefore(found: readonly SpooledChunk[]): void;
  /** Tells the lanes, which are new, their backlog; chunks that waited in the old lanes join them behind it. */
  adopt(old: readonly Lane[]): void;
  isAppending(): boolean;
  /** What waits in memory to be appended, and is in no lane's queue. */
  outsideLanes(): { events: number; bytes: number };
  /** Tells, once per change, whether the spool is in use. */
  noteUse(): void;
}

/**
 * About how many bytes one append takes: an append is stored as a whole or not at all, so a nearly full spool takes
 * part of a long queue.
 */
const pieceBytes = 1024 * 1024;

/** Cuts a batch into appends, between requests: a request that is stored in part is refused, and then repeated. */
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

/** The traffic of these lanes with one spool. */
export function createLaneSpool(options: LaneSpoolOptions): LaneSpool {
  const { lanes, ledger, spool, clock, hooks, balance, wake } = options;
  const appending = createAppending(lanes);
  const changed = () => {
    noteUse();
    wake();
  };
  const { trim, wantsRefill, refill } = createLaneRefill({ ...options, changed });
  let inUse = false;

  function noteUse() {
    const now = lanes.isSpoolInUse();
    if (now === inUse) return;
    inUse = now;
    hooks.spool?.(inUse);
  }

  function countBacklog() {
    spool.forEach((hash) => {
      lanes.of({ hash }).changeBacklog(1);
    });
  }

  function spill(batch: readonly Waiting[]) {
    if (batch.length === 0) return;
    for (const waiting of batch) {
      waiting.spooling = true;
      appending.count(waiting.chunk, 1);
    }
    noteUse();
    // After the marking: an append that is refused at once may spill more of the same lane.
    for (const piece of piecesOf(batch)) append(piece);
  }

  function append(batch: readonly Waiting[]) {
    const chunks = batch.map(({ chunk }) => chunk);
    const row = rowOf(chunks);
    spool.append(row === undefined ? chunks : [...chunks, row.chunk], (error, positions) => {
      let stored = 0;
      if (row !== undefined) {
        if (error === undefined) lanes.of(row.chunk).changeBacklog(1);
        else row.giveBack();
      }
      batch.forEach((waiting, i) => {
        waiting.spooling = false;
        appending.count(waiting.chunk, -1);
        if (error === undefined) {
          isStored(waiting, positions[i]!);
          stored += waiting.chunk.events;
        } else isRefused(waiting, error);
      });
      if (stored > 0) hooks.spooled?.(stored);
      for (const lane of new Set(chunks.map(lanes.of))) {
        if (error !== undefined) lane.dropRefused();
        trim(lane);
      }
      changed();
    });
  }

  /** A row of the ledger for these chunks, which goes by the lane of the first. */
  function rowOf(chunks: readonly Chunk[]): { chunk: Chunk; giveBack(): void } | undefined {
    const acknowledged = chunks.flatMap((chunk) => chunk.ledgerText || []);
    if (ledger === undefined || acknowledged.length === 0) return undefined;
    const { data, giveBack } = ledger.line(acknowledged);
    return { chunk: { hash: chunks[0]!.hash, events: 0, data }, giveBack };
  }

  function isStored(waiting: Waiting, position: Position) {
    const lane = lanes.of(waiting.chunk);
    waiting.position = position;
    lane.changeBacklog(1);
    // First: a request that this answers, as it does most, needs no entry for the chunk.
    makeSafe(waiting);
    balance.spooled(waiting);
    if (waiting.delivered) lane.changeBacklog(-spool.done([position]));
  }

  function isRefused(waiting: Waiting, error: SpoolError) {
    if (waiting.safe) return;
    waiting.dropped = true;
    waiting.ticket?.settle(new NotSafeError(error.message));
  }

  return {
    spill,
    spillLane: (lane) => spill(lane.queue.filter(isUnsafe)),
    trim,
    wantsRefill,
    refill,
    noteUse,
    isAppending: () => !appending.isEmpty(),
    outsideLanes: appending.outsideQueues,

    delivered(lane, chunks) {
      const positions = chunks.flatMap(({ position }) => position ?? []);
      if (positions.length > 0) lane.changeBacklog(-spool.done(positions));
    },

    putBefore(found) {
      const places = new Set(found.map(({ position }) => position));
      for (const lane of lanes.list) lane.remove(({ position }) => position !== undefined && places.has(position));
      for (const { chunk, position } of found) {
        balance.delivered(waitingFor(chunk, undefined, clock.monotonicMs(), position));
        spool.done([position]);
      }
      // The search may also have set damaged chunks aside: count anew.
      for (const lane of lanes.list) lane.forgetBacklog();
      countBacklog();
      noteUse();
    },

    adopt(old) {
      countBacklog();
      appending.enterIntoLanes();
      const behind: Waiting[] = [];
      for (const waiting of old.flatMap(({ queue }) => queue)) {
        // A chunk in the spool, or on its way there, is read from it again.
        if (waiting.position !== undefined || waiting.spooling || waiting.dropped) continue;
        const lane = lanes.of(waiting.chunk);
        if (lane.liesBehind) behind.push(waiting);
        else lane.take(waiting);
      }
      spill(behind);
      noteUse();
    },
  };
}
