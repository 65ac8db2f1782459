import type { Sink } from '../sinks/sink.js';
import type { Spool, SpooledChunk } from '../spool/spool.js';
import { type Account, createAccounts } from './account.js';
import { createAlarm } from './alarm.js';
import { drainPauseMs, packCalls } from './calls.js';
import type { Chunk } from './chunk.js';
import type { Clock } from './clock.js';
import type { DeliveryHooks, KinesisState } from './delivery-hooks.js';
import { type HashRange, sameRanges } from './hash-ranges.js';
import {
  drains,
  enqueue,
  firstUnsafe,
  isSpooled,
  type Lane,
  leavesAt,
  liesBehind,
  spillsAt,
  type Ticket,
  type Waiting,
  waitingFor,
} from './lane.js';
import { createLaneSpool } from './lane-spool.js';
import { createLanes } from './lanes.js';
import { NotSafeError } from './not-safe-error.js';
import { createSender } from './sender.js';
import { createStreamState } from './stream-state.js';

export type { DeliveryHooks, KinesisState } from './delivery-hooks.js';
export { NotSafeError } from './not-safe-error.js';

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
  /** Nothing is put before `begin`, likewise: what an earlier process had begun to put is still to be found out. */
  waits?: boolean;
  /** How long a quiet lane waits for company. */
  lingerMs: number;
  /** How long a request waits for the stream before the spool takes its events. */
  ackTimeoutMs: number;
  /** What may wait in memory, in bytes; above it goes to the spool at once. */
  maxQueuedBytes: number;
  random?: () => number;
  hooks?: DeliveryHooks;
}

export interface DeliveryStatus {
  kinesis: KinesisState;
  lanes: number;
  /** In memory, on their way. */
  queuedEvents: number;
  queuedBytes: number;
  /** How long the oldest event that the stream does not have has been here, in memory or in the spool; 0 without one. */
  lagMs: number;
}

export interface Delivery {
  /** Resolves once every chunk is in the stream or synced in the spool. @throws NotSafeError */
  deliver(chunks: readonly Chunk[]): Promise<void>;
  /** The stream's open shards: moves to as many lanes, once nothing is in flight. */
  useRanges(ranges: readonly HashRange[]): void;
  /** Puts begin. The stream has had what is `found` in the spool since before the start. */
  begin(found: readonly SpooledChunk[]): void;
  /** What somebody else learned about the stream (by listing its shards, say). */
  reportKinesis(state: KinesisState): void;
  status(): DeliveryStatus;
  /** On every lane what comes goes to the spool, and that is full: whatever came now would be refused. */
  isFull(): boolean;
  /** Where the events are. */
  account(): Account;
  /** Sends without lingering from now on. */
  hurry(): void;
  /**
   * Sends what is left, spools what the stream does not take, and stops, within `limitMs`. What is in the spool by then stays
   * there for the next start. Close the spool after this.
   */
  close(limitMs: number): Promise<void>;
}

/**
 * The next call leaves half a linger after the one before: a call costs the server as much as ten requests, and without a pause each lane
 * that is full would have its own. Calls that are under way do not wait for each other.
 */
const pauseOf = (lingerMs: number) => lingerMs / 2;

/** From request to stream, by lanes, with the spool beside it. Knows nothing of HTTP, AWS or files. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { sink, spool, clock, ackTimeoutMs, maxQueuedBytes, random = Math.random, hooks = {} } = options;
  let { lingerMs, ranges } = options;
  let nextRanges: readonly HashRange[] | undefined;
  let isGuess = options.rangesAreGuessed ?? false;
  let waits = options.waits ?? false;
  let stopped = false;
  /** No call leaves before. */
  let openAt = 0;

  const lanes = createLanes();
  const accounts = createAccounts(spool);
  const alarm = createAlarm(clock, wake);
  const stream = createStreamState({
    changed: (state) => hooks.kinesis?.(state),
    recovered() {
      // Nobody has to sit out the wait that belonged to the outage.
      for (const lane of lanes.list) if (!lane.throttled) lane.retryAt = 0;
      wake();
    },
  });
  const laneSpool = createLaneSpool({
    lanes,
    spool,
    clock,
    random,
    maxQueuedBytes,
    hooks,
    accounts,
    wake,
    isStopped: () => stopped,
  });
  const sender = createSender({ sink, clock, random, hooks, laneSpool, accounts, stream, wake });

  /** While the lanes are not those that the stream has, nothing new is sent. */
  const holds = () => isGuess || waits || nextRanges !== undefined;

  function moveToNextRanges() {
    if (nextRanges === undefined || lanes.list.some(({ inFlight }) => inFlight > 0)) return;
    ranges = nextRanges;
    nextRanges = undefined;
    laneSpool.adopt(lanes.lay(ranges));
  }

  /** A lane that has waited half its time rides along: fewer calls, and no request waits longer for it. */
  function sendDue(now: number) {
    if (now < openAt) return;
    const waiting = (linger: number) => lanes.list.filter((lane) => (leavesAt(lane, linger) ?? Infinity) <= now);
    const due = waiting(lingerMs);
    if (due.length === 0) return;
    const leaving = stream.isOut() ? probe(due) : waiting(lingerMs / 2);
    openAt =
      now +
      (leaving.some(({ queue }) => drains(queue)) ? Math.min(drainPauseMs, pauseOf(lingerMs)) : pauseOf(lingerMs));
    for (const call of packCalls(leaving)) void sender.send(call);
  }

  /** While the stream is out one record at a time finds out when it is back: all of them, packed and signed for nothing, cost much. */
  function probe(due: readonly Lane[]): readonly Lane[] {
    if (lanes.list.some(({ inFlight }) => inFlight > 0)) return [];
    return [due.reduce((first, lane) => (lane.retryAt < first.retryAt ? lane : first))];
  }

  /** Does all that is due and sets the alarm for what is due next. */
  function wake() {
    if (stopped) return;
    const now = clock.now();
    moveToNextRanges();
    for (const lane of lanes.list) if ((spillsAt(lane, ackTimeoutMs) ?? Infinity) <= now) laneSpool.spillLane(lane);
    if (!holds()) {
      sendDue(now);
      for (const lane of lanes.list) if (lane.retryAt <= now && laneSpool.wantsRefill(lane)) laneSpool.refill(lane);
    }
    alarm.set(nextDue(now));
  }

  /** When something of what waits in a lane is to leave, for the stream or the spool. */
  function dueOf(lane: Lane): number {
    const spills = spillsAt(lane, ackTimeoutMs) ?? Infinity;
    return holds() ? spills : Math.min(spills, Math.max(openAt, leavesAt(lane, lingerMs) ?? Infinity));
  }

  function nextDue(now: number): number {
    let at = Infinity;
    for (const lane of lanes.list) {
      at = Math.min(at, dueOf(lane));
      if (holds()) continue;
      if (lane.retryAt > now && laneSpool.wantsRefill(lane)) at = Math.min(at, lane.retryAt);
    }
    return at;
  }

  function take(chunks: readonly Chunk[], ticket: Ticket) {
    const now = clock.now();
    const bytes = chunks.reduce((sum, { data }) => sum + data.length, 0);
    // For the request as a whole: a small chunk must not stay behind in memory while a larger one before it is spooled.
    // Where nothing will be put for now, the request need not wait to find that out.
    // But somebody has to find out when the stream is back: where nothing waits for it, because the spool refuses, this one does.
    const waits = (lane: Lane) => lane.queuedEvents > 0 || isSpooled(lane);
    const isHopeless = isGuess || (stream.isOut() && lanes.list.some(waits));
    const isTooMuch = lanes.queuedBytes((lane) => !liesBehind(lane)) + bytes > maxQueuedBytes;
    const atOnce = isHopeless || isTooMuch;
    const toSpool: Waiting[] = [];
    let due = Infinity;
    for (const chunk of chunks) {
      const lane = lanes.of(chunk);
      const waiting = waitingFor(chunk, ticket, now);
      if (atOnce) laneSpool.spillLane(lane);
      if (atOnce || liesBehind(lane)) toSpool.push(waiting);
      else {
        enqueue(lane, waiting);
        due = Math.min(due, dueOf(lane));
      }
    }
    laneSpool.spill(toSpool);
    // Most requests make nothing due: then the other lanes need not be looked at.
    if (toSpool.length > 0 || due <= now) wake();
    else alarm.set(due);
  }

  laneSpool.adopt(lanes.lay(ranges));
  wake();

  return {
    deliver(chunks) {
      if (stopped) return Promise.reject(new NotSafeError('the server is shutting down'));
      if (chunks.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const account = accounts.openRequest();
        let kept: Chunk[] = [];
        take(chunks, {
          left: chunks.length,
          account,
          kept(chunk) {
            if (account.outcome === 'refused') hooks.keptThoughRefused?.(chunk);
            else kept.push(chunk);
          },
          settle(error) {
            accounts.closeRequest(account, error === undefined ? 'safe' : 'refused');
            if (error !== undefined) for (const chunk of kept) hooks.keptThoughRefused?.(chunk);
            kept = [];
            if (error === undefined) resolve();
            else reject(error);
          },
        });
      });
    },

    useRanges(next) {
      isGuess = false;
      nextRanges = sameRanges(next, ranges) ? undefined : next;
      wake();
    },

    begin(found) {
      waits = false;
      laneSpool.putBefore(found);
      wake();
    },

    reportKinesis(state) {
      // Where puts fail, that other calls succeed is no recovery.
      if (state.state === 'up' && lanes.list.some(({ attempts }) => attempts > 0)) return;
      stream.report(state);
    },

    status() {
      const outside = laneSpool.outsideLanes();
      return {
        kinesis: stream.current(),
        lanes: lanes.list.length,
        queuedEvents: lanes.list.reduce((sum, lane) => sum + lane.queuedEvents, outside.events),
        queuedBytes: lanes.queuedBytes() + outside.bytes,
        lagMs: Math.max(lanes.ageMs(clock.now()), spool.stats().oldestMs),
      };
    },

    isFull: () => lanes.list.every(liesBehind) && spool.stats().full,

    account: () => accounts.now(lanes.list),

    hurry() {
      lingerMs = 0;
      openAt = 0;
      wake();
    },

    async close(limitMs) {
      lingerMs = 0;
      openAt = 0;
      wake();
      const until = clock.now() + limitMs;
      const pause = (ms: number) => new Promise<void>((done) => void clock.after(ms, done));
      const isUnsafe = () => laneSpool.isAppending() || lanes.list.some((lane) => firstUnsafe(lane) !== undefined);
      while (isUnsafe() && clock.now() < until - limitMs / 4) await pause(5);
      for (const lane of lanes.list) laneSpool.spillLane(lane);
      // No new call from here on, but the answers to those that run spare the next start a repetition.
      stopped = true;
      alarm.cancel();
      const isBusy = () => laneSpool.isAppending() || lanes.list.some(({ inFlight }) => inFlight > 0);
      while (isBusy() && clock.now() < until) await pause(5);
    },
  };
}
