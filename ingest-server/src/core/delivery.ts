import { type FailureKind, type RecordFailure, type Sink, SinkError } from '../sinks/sink.js';
import type { Spool } from '../spool/spool.js';
import { backoffMs } from './backoff.js';
import { type Call, packCalls } from './calls.js';
import { type Chunk, recordLimits } from './chunk.js';
import type { Clock } from './clock.js';
import { laneOf } from './hash.js';
import { type HashRange, sameRanges } from './hash-ranges.js';
import {
  createLane,
  enqueue,
  fitting,
  isSpooled,
  isUnsafe,
  type Lane,
  leavesAt,
  removeIf,
  type Ticket,
  takeDelivered,
  type Waiting,
  waitingFor,
} from './lane.js';

/** Neither the stream nor the spool has the events: the request must be answered with 503. */
export class NotSafeError extends Error {}

/** What a delivery tells about its work. Called on the hot path: must be quick and must not throw. */
export interface DeliveryHooks {
  /** A call ended, well or not. */
  called?(milliseconds: number): void;
  /** The stream has a record. */
  put?(record: { events: number; bytes: number }): void;
  /** A record will be sent again. */
  failed?(code: string): void;
  /** Chunks were appended to the spool. */
  spooled?(events: number): void;
  /** The stream can be reached again, or no longer. Once per change. */
  kinesis?(state: KinesisState): void;
  /** The spool began to be used, or is empty again. Once per change. */
  spool?(inUse: boolean): void;
  /** The spool could not be read. */
  spoolUnreadable?(error: Error): void;
}

export interface KinesisState {
  state: 'unknown' | 'up' | 'down';
  code?: string;
  message?: string;
}

export interface DeliveryOptions {
  sink: Sink;
  spool: Spool;
  clock: Clock;
  /** A lane per range. */
  ranges: readonly HashRange[];
  /**
   * The ranges are a guess: nothing is put before `useRanges` says which they are, because a visitor's lane, and so the shard, would change
   * then, and the order between two shards is anybody's. Until then the spool takes the events.
   */
  rangesAreGuessed?: boolean;
  /** How long a quiet lane waits for company. */
  lingerMs: number;
  /** How long a request waits for the stream before the spool takes its events. */
  ackTimeoutMs: number;
  /** What may wait in memory, in bytes; above it goes to the spool at once. */
  maxQueuedBytes: number;
  random?: () => number;
  hooks?: DeliveryHooks;
}

export interface Delivery {
  /** Resolves once every chunk is in the stream or synced in the spool. @throws NotSafeError */
  deliver(chunks: readonly Chunk[]): Promise<void>;
  /** The stream's open shards: moves to as many lanes, once nothing is in flight. */
  useRanges(ranges: readonly HashRange[]): void;
  /** What somebody else learned about the stream (by listing its shards, say). */
  reportKinesis(state: KinesisState): void;
  status(): { kinesis: KinesisState; lanes: number; queuedEvents: number; queuedBytes: number };
  /** Sends without lingering from now on. */
  hurry(): void;
  /**
   * Sends what is left, spools what the stream does not take, and stops, within `limitMs`. What is in the spool by then stays
   * there for the next start. Close the spool after this.
   */
  close(limitMs: number): Promise<void>;
}

const retries: Record<FailureKind, { base: number; cap: number }> = {
  throttled: { base: 50, cap: 1_000 },
  unreachable: { base: 50, cap: 5_000 },
  misconfigured: { base: 1_000, cap: 5_000 },
};

/** From request to stream, by lanes, with the spool beside it. Knows nothing of HTTP, AWS or files. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { sink, spool, clock, ackTimeoutMs, maxQueuedBytes, random = Math.random, hooks = {} } = options;
  let lingerMs = options.lingerMs;
  let ranges = options.ranges;
  let nextRanges: readonly HashRange[] | undefined;
  let isGuess = options.rangesAreGuessed ?? false;
  let lanes: Lane[] = [];
  let kinesis: KinesisState = { state: 'unknown' };
  let spoolInUse = false;
  let stopped = false;
  let timer: { at: number; cancel(): void } | undefined;
  const appending = new Set<Waiting>();

  const laneFor = ({ hash }: Chunk) => lanes[laneOf(hash, lanes.length)]!;
  const queuedBytes = (counts: (lane: Lane) => boolean = () => true) =>
    lanes.reduce((sum, lane) => sum + (counts(lane) ? lane.queuedBytes : 0), 0);

  /** What a lane holds in memory of what the spool has: all lanes together a quarter of what may wait in memory. */
  const readAheadBytes = () => Math.min(recordLimits.bytes, maxQueuedBytes / 4 / lanes.length);

  function makeSafe(waiting: Waiting) {
    if (waiting.safe) return;
    waiting.safe = true;
    const { ticket } = waiting;
    if (ticket !== undefined && --ticket.left === 0) ticket.settle();
  }

  function noteSpoolUse() {
    const inUse = lanes.some(isSpooled);
    if (inUse === spoolInUse) return;
    spoolInUse = inUse;
    hooks.spool?.(inUse);
  }

  function reportKinesis(next: KinesisState) {
    const changed = next.state !== kinesis.state || (next.state === 'down' && next.code !== kinesis.code);
    const recovered = kinesis.state === 'down' && next.state === 'up';
    kinesis = next;
    if (changed) hooks.kinesis?.(next);
    if (!recovered) return;
    // Nobody has to sit out the wait that belonged to the outage.
    for (const lane of lanes) if (!lane.throttled) lane.retryAt = 0;
    wake();
  }

  /** Appends to the spool; in the queue or not, the chunks are settled by the append or, earlier, by the stream. */
  function spill(batch: readonly Waiting[]) {
    if (batch.length === 0) return;
    for (const waiting of batch) {
      waiting.spooling = true;
      appending.add(waiting);
      laneFor(waiting.chunk).appending += 1;
    }
    noteSpoolUse();
    const chunks = batch.map(({ chunk }) => chunk);
    spool.append(chunks, (error, positions) => {
      let stored = 0;
      batch.forEach((waiting, i) => {
        appending.delete(waiting);
        waiting.spooling = false;
        const lane = laneFor(waiting.chunk);
        lane.appending -= 1;
        if (error === undefined) {
          waiting.position = positions[i]!;
          lane.backlog += 1;
          stored += waiting.chunk.events;
          makeSafe(waiting);
          if (waiting.delivered) lane.backlog -= spool.done([waiting.position]);
        } else if (!waiting.safe) {
          waiting.dropped = true;
          waiting.ticket?.settle(new NotSafeError(error.message));
        }
      });
      if (stored > 0) hooks.spooled?.(stored);
      for (const lane of new Set(batch.map(({ chunk }) => laneFor(chunk)))) trim(lane);
      noteSpoolUse();
      wake();
    });
  }

  /** Lets go of what need not wait in memory: what was refused, and what is in the spool beyond what is read ahead. */
  function trim(lane: Lane) {
    removeIf(lane, ({ dropped }) => dropped);
    // While more is being read to follow the queue's end, that end must stay; and then the queue is short anyway.
    if (lane.refilling || !isSpooled(lane)) return;
    const keep = lane.inFlight + fitting(lane.queue.slice(lane.inFlight), readAheadBytes());
    removeIf(lane, ({ position }, index) => index >= keep && position !== undefined);
  }

  /** Everything of a lane that is not safe yet goes to the spool, in order; what comes later queues up behind it there. */
  function spillLane(lane: Lane) {
    spill(lane.queue.filter(isUnsafe));
  }

  function refill(lane: Lane) {
    lane.refilling = true;
    const mine = (hash: number) => laneOf(hash, lanes.length) === lane.index;
    const isStale = () => stopped || lanes[lane.index] !== lane;
    spool
      .next({
        after: lane.queue.at(-1)?.position ?? 0,
        wanted: mine,
        maxEvents: recordLimits.events,
        maxBytes: readAheadBytes(),
      })
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
          lane.attempts += 1;
          lane.retryAt = clock.now() + backoffMs(lane.attempts, random, retries.misconfigured);
        },
      )
      .then(() => {
        noteSpoolUse();
        wake();
      });
  }

  /** Whether the spool has more of this lane than its queue, and the queue has room. The queue's end must be in the spool. */
  function wantsRefill(lane: Lane): boolean {
    if (lane.refilling || lane.backlog === 0) return false;
    const isShort = lane.queuedBytes < readAheadBytes() && lane.queuedEvents < recordLimits.events;
    // While a record is in flight the next one is read, however large the first is.
    if (!isShort && lane.queue.length > lane.inFlight) return false;
    if (lane.queue.some(({ position }) => position === undefined)) return false;
    return lane.backlog > lane.queue.length;
  }

  function succeeded(lane: Lane, record: { events: number; data: Uint8Array }) {
    hooks.put?.({ events: record.events, bytes: record.data.length });
    lane.attempts = 0;
    lane.retryAt = 0;
    lane.throttled = false;
    const positions: number[] = [];
    for (const waiting of takeDelivered(lane)) {
      waiting.delivered = true;
      makeSafe(waiting);
      if (waiting.position !== undefined) positions.push(waiting.position);
    }
    if (positions.length > 0) lane.backlog -= spool.done(positions);
  }

  function failed(lane: Lane, kind: FailureKind, code: string) {
    hooks.failed?.(code);
    lane.inFlight = 0;
    removeIf(lane, ({ dropped }) => dropped);
    lane.attempts += 1;
    lane.throttled = kind === 'throttled';
    lane.retryAt = clock.now() + backoffMs(lane.attempts, random, retries[kind]);
    // No retry will help in time: the requests need not wait for it.
    if (kind === 'misconfigured') spillLane(lane);
    trim(lane);
  }

  async function send({ lanes: called, records }: Call) {
    const began = clock.now();
    let outcomes: RecordFailure[];
    try {
      outcomes = await sink.put(records);
      reportKinesis({ state: 'up' });
    } catch (error) {
      const { kind, code, message } =
        error instanceof SinkError ? error : new SinkError('unreachable', 'Error', (error as Error).message);
      if (kind !== 'throttled') reportKinesis({ state: 'down', code, message });
      hooks.called?.(clock.now() - began);
      for (const lane of called) failed(lane, kind, code);
      return afterCall();
    }
    hooks.called?.(clock.now() - began);
    called.forEach((lane, i) => {
      const failure = outcomes[i];
      if (failure === undefined) succeeded(lane, records[i]!);
      else failed(lane, failure.code === 'InternalFailure' ? 'unreachable' : 'throttled', failure.code);
    });
    afterCall();
  }

  function afterCall() {
    noteSpoolUse();
    wake();
  }

  /** Lanes for the present ranges; what waited moves to them, in order, behind what the spool has. */
  function layLanes() {
    const old = lanes;
    lanes = ranges.map((range, index) => createLane(index, range));
    spool.forEach((hash) => {
      lanes[laneOf(hash, lanes.length)]!.backlog += 1;
    });
    for (const { chunk } of appending) laneFor(chunk).appending += 1;
    const behind: Waiting[] = [];
    for (const waiting of old.flatMap(({ queue }) => queue)) {
      // What is in the spool, or on its way there, is read from it again.
      if (waiting.position !== undefined || waiting.spooling || waiting.dropped) continue;
      const lane = laneFor(waiting.chunk);
      if (isSpooled(lane)) behind.push(waiting);
      else enqueue(lane, waiting);
    }
    spill(behind);
    noteSpoolUse();
  }

  /** While the lanes are not those that the stream has, nothing new is sent. */
  function holds(): boolean {
    return isGuess || nextRanges !== undefined;
  }

  /** Does all that is due and sets the alarm for what is due next. */
  function wake() {
    if (stopped) return;
    const now = clock.now();
    if (nextRanges !== undefined && lanes.every(({ inFlight }) => inFlight === 0)) {
      ranges = nextRanges;
      nextRanges = undefined;
      layLanes();
    }
    for (const lane of lanes) {
      const first = lane.queue.find(isUnsafe);
      if (first !== undefined && first.since + ackTimeoutMs <= now) spillLane(lane);
    }
    if (!holds()) {
      // A lane that has waited half its time rides along: fewer calls, and no request waits longer for it.
      const due = lanes.filter((lane) => (leavesAt(lane, lingerMs) ?? Infinity) <= now);
      const riding = due.length === 0 ? due : lanes.filter((lane) => (leavesAt(lane, lingerMs / 2) ?? Infinity) <= now);
      for (const call of packCalls(riding)) void send(call);
      for (const lane of lanes) if (lane.retryAt <= now && wantsRefill(lane)) refill(lane);
    }
    setAlarm(now);
  }

  function setAlarm(now: number) {
    let at = Infinity;
    for (const lane of lanes) {
      const first = lane.queue.find(isUnsafe);
      if (first !== undefined) at = Math.min(at, first.since + ackTimeoutMs);
      if (holds()) continue;
      at = Math.min(at, leavesAt(lane, lingerMs) ?? Infinity);
      if (lane.retryAt > now && wantsRefill(lane)) at = Math.min(at, lane.retryAt);
    }
    if (timer !== undefined && timer.at <= at && timer.at > now) return;
    timer?.cancel();
    timer = undefined;
    if (at === Infinity) return;
    const cancel = clock.after(Math.max(1, at - now), () => {
      timer = undefined;
      wake();
    });
    timer = { at, cancel };
  }

  layLanes();
  wake();

  return {
    deliver(chunks) {
      if (stopped) return Promise.reject(new NotSafeError('the server is shutting down'));
      if (chunks.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const ticket: Ticket = {
          left: chunks.length,
          settle: (error) => (error === undefined ? resolve() : reject(error)),
        };
        const now = clock.now();
        const bytes = chunks.reduce((sum, { data }) => sum + data.length, 0);
        // For the request as a whole: a small chunk must not stay behind in memory while a larger one before it is spooled.
        const isTooMuch = queuedBytes((lane) => !isSpooled(lane)) + bytes > maxQueuedBytes;
        const toSpool: Waiting[] = [];
        for (const chunk of chunks) {
          const lane = laneFor(chunk);
          const waiting = waitingFor(chunk, ticket, now);
          if (isTooMuch) spillLane(lane);
          if (isTooMuch || isSpooled(lane)) toSpool.push(waiting);
          else enqueue(lane, waiting);
        }
        spill(toSpool);
        wake();
      });
    },

    useRanges(next) {
      isGuess = false;
      if (sameRanges(next, ranges)) nextRanges = undefined;
      else nextRanges = next;
      wake();
    },

    reportKinesis(state) {
      // Where puts fail, that other calls succeed is no recovery.
      if (state.state === 'up' && lanes.some(({ attempts }) => attempts > 0)) return;
      reportKinesis(state);
    },

    status: () => ({
      kinesis,
      lanes: lanes.length,
      queuedEvents: lanes.reduce((sum, lane) => sum + lane.queuedEvents, 0),
      queuedBytes: queuedBytes(),
    }),

    hurry() {
      lingerMs = 0;
      wake();
    },

    async close(limitMs) {
      lingerMs = 0;
      wake();
      const until = clock.now() + limitMs;
      const pause = (ms: number) => new Promise<void>((done) => void clock.after(ms, done));
      const unsafe = () => appending.size > 0 || lanes.some(({ queue }) => queue.some(isUnsafe));
      while (unsafe() && clock.now() < until - limitMs / 4) await pause(5);
      for (const lane of lanes) spillLane(lane);
      // No new call from here on, but the answers to those that run spare the next start a repetition.
      stopped = true;
      timer?.cancel();
      const busy = () => appending.size > 0 || lanes.some(({ inFlight }) => inFlight > 0);
      while (busy() && clock.now() < until) await pause(5);
    },
  };
}
