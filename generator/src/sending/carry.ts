import { systemClock } from '@millrace/kit/clock';
import type { MillraceEvent } from '@millrace/sdk/schema';
import { trafficError } from '../traffic-error.js';
import { createLanes, type Lanes } from './lanes.js';
import { makeAsTaken, makeOnSchedule, type Outlet } from './make-events.js';
import type { Sink } from './sink.js';
import { createTally, type Progress, type TallyOptions } from './tally.js';

/**
 * Events, made when they are needed; or a function whose events take their own time, and which ends when `ended` is
 * aborted.
 */
export type EventSource = Iterable<MillraceEvent> | ((ended: AbortSignal) => AsyncIterable<MillraceEvent>);

/** How a sink is fed. */
export interface Feeding {
  /** Batches in flight at most. A visitor's events keep their order. */
  lanes: number;
  /** How long the first event of a batch waits for others. */
  lingerMs: number;
  /**
   * Events without an answer at most, which bounds the memory: while there are as many, no event is made and a schedule
   * waits.
   */
  maxPending: number;
}

/** What to send, where, and how fast. */
export interface CarryOptions extends Feeding, TallyOptions {
  events: EventSource;
  sink: Sink;
  /**
   * Open loop: events are made at this rate, however slowly the target answers. As fast as the target takes them when
   * left out.
   */
  eventsPerSecond?: number | undefined;
  /** When aborted, no more events are made, and those that were made are sent for `graceMs` at most. */
  signal?: AbortSignal | undefined;
  /** After this time no more events are made, and those that were made are sent, however long that takes. */
  durationMs?: number | undefined;
  /** 5,000. */
  graceMs?: number | undefined;
  /** Called five times a second, and at the end. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What became of the events. */
export interface CarrySummary extends Progress {
  /** Made, but neither acknowledged nor refused. The target may have those of them that were in flight. */
  unacknowledged: number;
  requests: number;
  retries: number;
  /** How long the schedule waited because `maxPending` events had no answer. */
  heldBackMs: number;
  /** `signal` ended it: there was more to make, or to wait for. */
  interrupted: boolean;
  failure?: Error;
}

const progressMs = 200;

/**
 * Carries events to a sink until they end, `signal` is aborted or the sink fails. Resolves when nothing is in flight
 * any more.
 */
export async function carry(options: CarryOptions): Promise<CarrySummary> {
  const { events, sink, eventsPerSecond, lingerMs, maxPending, signal } = options;
  const tally = createTally(options);
  const ended = new AbortController();
  const end = () => ended.abort();
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  if (options.durationMs !== undefined) void systemClock.sleep(options.durationMs, ended.signal).then(end);
  const lanes = createLanes({
    sink,
    lanes: options.lanes,
    lingerMs,
    signal: ended.signal,
    onSettled: tally.settled,
    onFailure: end,
  });
  const outlet: Outlet = {
    offer(event, dueMs = performance.now()) {
      tally.made();
      lanes.offer({ event, line: JSON.stringify(event), offeredMs: dueMs });
    },
    isFull: () => lanes.pending() >= maxPending,
    room: () => lanes.roomBelow(maxPending),
    ended: ended.signal,
  };
  const ticker = options.onProgress && setInterval(() => options.onProgress?.(tally.progress()), progressMs);

  let heldBackMs = 0;
  let failure: Error | undefined;
  try {
    if (typeof events === 'function') await makeAsTaken(events(ended.signal), outlet);
    else if (eventsPerSecond === undefined) await makeAsTaken(events, outlet);
    else {
      await makeOnSchedule(events[Symbol.iterator](), eventsPerSecond / 1000, outlet, (ms) => {
        heldBackMs += ms;
      });
    }
  } catch (error) {
    // The source's own error: the events before it are still sent.
    failure = error as Error;
  }
  const madeAll = !signal?.aborted;
  end();
  await settle(lanes, options);
  clearInterval(ticker);
  failure ??= lanes.failure();
  const progress = tally.progress();
  const unacknowledged = progress.made - progress.acknowledged - progress.refused;
  const interrupted = signal?.aborted === true && (!madeAll || unacknowledged > 0);
  if (interrupted && unacknowledged > 0) {
    const count = `${unacknowledged} ${unacknowledged === 1 ? 'event' : 'events'}`;
    failure = trafficError('INTERRUPTED', `stopped before ${sink.target} had answered for ${count}`);
  }
  options.onProgress?.(progress);
  const { requests, retries } = sink.counts;
  const heldBack = Math.round(heldBackMs);
  return {
    ...progress,
    unacknowledged,
    requests,
    retries,
    heldBackMs: heldBack,
    interrupted,
    ...(failure && { failure }),
  };
}

/** Waits for the answers, after an abort for `graceMs` at most, and closes the sink. */
async function settle(lanes: Lanes, { sink, signal, graceMs = 5_000 }: CarryOptions): Promise<void> {
  lanes.flush();
  const drained = new AbortController();
  const giveUp = async () => {
    await systemClock.sleep(graceMs, drained.signal);
    if (drained.signal.aborted) return;
    lanes.stop();
    sink.hurry();
    sink.close();
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) void giveUp();
  await lanes.drained();
  drained.abort();
  signal?.removeEventListener('abort', giveUp);
  await lanes.landed();
  sink.close();
}
