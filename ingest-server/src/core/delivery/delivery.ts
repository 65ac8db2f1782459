import type { Clock } from '@millrace/kit/clock';
import type { Chunk } from '../chunk.js';
import { createAlarm } from './alarm.js';
import { type BalanceSheet, createBalance } from './balance.js';
import type { DeliveryHooks, KinesisState } from './delivery-hooks.js';
import { createDepartures } from './departures.js';
import type { HashRange } from './hash-ranges.js';
import type { Lane } from './lane.js';
import { createLaneLayout, type LaneLayout } from './lane-layout.js';
import { createLaneSpool, type LaneSpool } from './lane-spool.js';
import { createLanes, type Lanes } from './lanes.js';
import type { Ledger } from './ledger.js';
import { NotSafeError } from './not-safe-error.js';
import { openTicket } from './open-ticket.js';
import { createSender } from './sender.js';
import type { Sink } from './sink.js';
import type { Spool, SpooledChunk } from './spool.js';
import { createVisitorSpread, type Spread } from './spread.js';
import { createStreamState, type StreamState } from './stream-state.js';
import { type Ticket, type Waiting, waitingFor } from './ticket.js';

/** The ports of a delivery (sink, spool, clock), its limits in milliseconds and bytes, and its hooks. */
export interface DeliveryOptions {
  sink: Sink;
  spool: Spool;
  clock: Clock;
  /** Writes down what is acknowledged; without it nothing does. */
  ledger?: Ledger;
  /** How records are spread over the shards; by visitor, if it is left out. */
  spread?: Spread;
  /** Of the stream's open shards. */
  ranges: readonly HashRange[];
  /**
   * The ranges are a guess: where a visitor keeps to a shard nothing is put before `useRanges` gives the real ones,
   * because the visitor would change shards, and lose the order. Until then the spool takes the events.
   */
  rangesAreGuessed?: boolean;
  /** Nothing is put before `begin` either: crash recovery still looks for what an earlier process had put. */
  waits?: boolean;
  /** How long a quiet lane waits for company. */
  lingerMs: number;
  /** How long a request waits for the stream before the spool takes its events. */
  ackTimeoutMs: number;
  /** Bytes that may wait in memory; above that, events go to the spool at once. */
  maxQueuedBytes: number;
  random?: () => number;
  hooks?: DeliveryHooks;
}

/** What is under way. */
export interface DeliveryStatus {
  kinesis: KinesisState;
  lanes: number;
  /** In memory, on their way. */
  queuedEvents: number;
  queuedBytes: number;
  /** The age of the oldest event that the stream does not have, in memory or in the spool; 0 without one. */
  lagMs: number;
}

/** Makes chunks safe: in the stream or, while that is out, in the spool. */
export interface Delivery {
  /** Resolves once every chunk is in the stream or synced in the spool. @throws NotSafeError */
  deliver(chunks: readonly Chunk[]): Promise<void>;
  /** The stream's open shards. Where a visitor keeps to a shard: moves to as many lanes, once nothing is in flight. */
  useRanges(ranges: readonly HashRange[]): void;
  /** Puts begin. `found` are the spool's chunks that the stream already had before the start. */
  begin(found: readonly SpooledChunk[]): void;
  /** What somebody else learned about the stream (by listing its shards, say). */
  reportKinesis(state: KinesisState): void;
  status(): DeliveryStatus;
  /** Every lane lies behind and the spool is full: new events would be refused. */
  isFull(): boolean;
  /** Where the events are. */
  balance(): BalanceSheet;
  /** Sends without lingering from now on. */
  hurry(): void;
  /**
   * Sends what is left, spools what the stream does not take, and stops, within `limitMs`. What is in the spool by then
   * stays there for the next start. Close the spool after this.
   */
  close(limitMs: number): Promise<void>;
}

/** What waits in memory. */
function queued(lanes: Lanes, laneSpool: LaneSpool): Pick<DeliveryStatus, 'queuedEvents' | 'queuedBytes'> {
  const { events, bytes } = laneSpool.outsideLanes();
  return {
    queuedEvents: lanes.list.reduce((sum, lane) => sum + lane.queuedEvents, events),
    queuedBytes: lanes.queuedBytes() + bytes,
  };
}

interface Room {
  lanes: Lanes;
  layout: Pick<LaneLayout, 'isGuess'>;
  stream: Pick<StreamState, 'isOut'>;
  maxQueuedBytes: number;
}

/**
 * Whether a request's chunks go to the spool without trying the stream. For the request as a whole: a small chunk must
 * not stay in memory while a larger one before it is spooled.
 */
function spoolsAtOnce(chunks: readonly Chunk[], { lanes, layout, stream, maxQueuedBytes }: Room): boolean {
  // In an outage, one request at least must probe the stream: where nothing waits in a lane or the spool, this one
  // does.
  const waits = (lane: Lane) => lane.queuedEvents > 0 || lane.isSpooled;
  if (layout.isGuess() || (stream.isOut() && lanes.list.some(waits))) return true;
  let bytes = lanes.queuedBytes((lane) => !lane.liesBehind);
  for (const { data } of chunks) bytes += data.length;
  return bytes > maxQueuedBytes;
}

async function waitWhile(isSo: () => boolean, clock: Clock, until: number): Promise<void> {
  while (isSo() && clock.monotonicMs() < until) await new Promise<void>((done) => void clock.after(5, done));
}

/** From request to stream, by lanes, with the spool beside it. Knows nothing of HTTP, AWS or files. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { sink, spool, clock, ackTimeoutMs, lingerMs, maxQueuedBytes, random = Math.random, hooks = {} } = options;
  const { spread = createVisitorSpread(random), ledger } = options;
  let stopped = false;

  const lanes = createLanes(ledger);
  const balance = createBalance(spool);
  const alarm = createAlarm(clock, wake);
  const stream = createStreamState({
    changed: (state) => hooks.kinesis?.(state),
    recovered() {
      // No lane sits out the wait that belonged to the outage.
      for (const lane of lanes.list) lane.recover();
      wake();
    },
  });
  const laneSpool = createLaneSpool({
    lanes,
    ledger: ledger?.open(),
    spool,
    clock,
    random,
    maxQueuedBytes,
    hooks,
    balance,
    wake,
    isStopped: () => stopped,
  });
  const sender = createSender({ sink, clock, hooks, laneSpool, spread, balance, stream, wake });
  const layout = createLaneLayout({ ...options, lanes, laneSpool, spread });
  const departures = createDepartures({
    lanes,
    layout,
    laneSpool,
    spread,
    stream,
    lingerMs,
    ackTimeoutMs,
    send: sender.send,
  });

  /** Does all that is due and sets the alarm for what is due next. */
  function wake() {
    if (stopped) return;
    const now = clock.monotonicMs();
    layout.moveIfIdle();
    departures.run(now);
    alarm.set(departures.nextDue(now));
  }

  function take(chunks: readonly Chunk[], ticket: Ticket) {
    const now = clock.monotonicMs();
    for (const { data } of chunks) spread.took(data.length, now);
    // While something is in flight, its answer wakes.
    layout.moveIfIdle();
    const atOnce = spoolsAtOnce(chunks, { lanes, layout, stream, maxQueuedBytes });
    const toSpool: Waiting[] = [];
    let due = Infinity;
    for (const chunk of chunks) {
      const lane = lanes.of(chunk);
      const waiting = waitingFor(chunk, ticket, now);
      if (atOnce) laneSpool.spillLane(lane);
      if (atOnce || lane.liesBehind) toSpool.push(waiting);
      else {
        lane.take(waiting);
        due = Math.min(due, departures.dueOf(lane));
      }
    }
    laneSpool.spill(toSpool);
    // Most requests make nothing due: then the other lanes need not be looked at.
    if (toSpool.length > 0 || due <= now) wake();
    else alarm.set(due);
  }

  function hurry() {
    departures.hurry();
    wake();
  }

  wake();

  return {
    deliver(chunks) {
      if (stopped) return Promise.reject(new NotSafeError('the server is shutting down'));
      if (chunks.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) =>
        take(chunks, openTicket({ left: chunks.length, balance, hooks }, resolve, reject)),
      );
    },

    useRanges(next) {
      layout.useRanges(next);
      wake();
    },

    begin(found) {
      layout.begin();
      laneSpool.putBefore(found);
      wake();
    },

    reportKinesis(state) {
      // Where puts fail, a success of other calls is no recovery.
      if (state.state === 'up' && lanes.list.some(({ isFailing }) => isFailing)) return;
      stream.report(state);
    },

    status: () => ({
      ...queued(lanes, laneSpool),
      kinesis: stream.current(),
      lanes: lanes.list.length,
      lagMs: Math.max(lanes.ageMs(clock.monotonicMs()), spool.stats().oldestMs),
    }),

    isFull: () => lanes.list.every(({ liesBehind }) => liesBehind) && spool.stats().full,
    balance: () => balance.sheet(lanes.list),
    hurry,

    async close(limitMs) {
      hurry();
      const until = clock.monotonicMs() + limitMs;
      const hasUnsafe = () =>
        laneSpool.isAppending() || lanes.list.some(({ firstUnsafe }) => firstUnsafe !== undefined);
      await waitWhile(hasUnsafe, clock, until - limitMs / 4);
      for (const lane of lanes.list) laneSpool.spillLane(lane);
      // No new calls from here on; the answers to those in flight spare the next start a repetition.
      stopped = true;
      alarm.cancel();
      await waitWhile(() => laneSpool.isAppending() || lanes.hasInFlight(), clock, until);
    },
  };
}
