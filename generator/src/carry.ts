import type { MillraceEvent } from '@millrace/sdk/schema';
import { createLanes } from './lanes.js';
import { createLatency, type Latency } from './latency.js';
import { type Parcel, type Refused, type Settled, type Sink, TrafficError } from './sink.js';
import { sleep } from './sleep.js';

/**
 * Events, made as they are needed; or a function that gives a source which takes its own time, and which ends when `ended` is aborted.
 */
export type EventSource = Iterable<MillraceEvent> | ((ended: AbortSignal) => AsyncIterable<MillraceEvent>);

export interface CarryOptions {
  events: EventSource;
  sink: Sink;
  /** Open loop: events are made at this rate, however slowly the target answers. Left out: as fast as the target takes them. */
  eventsPerSecond?: number | undefined;
  /** Batches in flight at most; a visitor's events keep their order. */
  lanes: number;
  lingerMs: number;
  /** No more events are made while so many wait for an answer: memory is bounded, and with a rate the schedule waits too. */
  maxPending: number;
  /** When aborted, no more events are made; what was made is still sent, for `graceMs` (5 s) at most. */
  signal?: AbortSignal | undefined;
  /** No more events are made after this time; what was made is sent, however long that takes. */
  durationMs?: number | undefined;
  graceMs?: number | undefined;
  onAcknowledged?: ((event: MillraceEvent, settled: Settled) => void) | undefined;
  onRefused?: ((refused: Refused) => void) | undefined;
  /** Called a few times a second. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  made: number;
  acknowledged: number;
  refused: number;
  seconds: number;
  latencyMs: ReturnType<Latency['quantiles']>;
}

export interface CarrySummary extends Progress {
  /** Made, and neither acknowledged nor refused. It is unknown whether the target has those that were in flight. */
  unacknowledged: number;
  requests: number;
  retries: number;
  /** How long the schedule waited because `maxPending` events had no answer. */
  heldBackMs: number;
  failure?: Error;
}

/** How often the maker of events looks at the clock. */
const tickMs = 5;
const progressMs = 200;

/** Carries events to a sink until they end, `signal` is aborted or the sink fails. Resolves when everything in flight is settled. */
export async function carry(options: CarryOptions): Promise<CarrySummary> {
  const { events, sink, eventsPerSecond, maxPending, signal } = options;
  const latency = createLatency();
  const startedMs = performance.now();
  let made = 0;
  let acknowledged = 0;
  let refused = 0;
  let heldBackMs = 0;

  const onSettled = (batch: readonly Parcel[], settled: Settled) => {
    const nowMs = performance.now();
    const bad = new Set<MillraceEvent>();
    for (const { event } of settled.refused) bad.add(event);
    refused += bad.size;
    acknowledged += batch.length - bad.size;
    for (const one of settled.refused) options.onRefused?.(one);
    for (const { event, offeredMs } of batch) {
      latency.add(nowMs - offeredMs);
      if (!bad.has(event)) options.onAcknowledged?.(event, settled);
    }
  };
  const ended = new AbortController();
  const end = () => ended.abort();
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  if (options.durationMs !== undefined) void sleep(options.durationMs, ended.signal).then(end);
  const lanes = createLanes({
    sink,
    lanes: options.lanes,
    lingerMs: options.lingerMs,
    signal: ended.signal,
    onSettled,
    onFailure: end,
  });
  const progress = (): Progress => ({
    made,
    acknowledged,
    refused,
    seconds: (performance.now() - startedMs) / 1000,
    latencyMs: latency.quantiles(),
  });
  const ticker = options.onProgress && setInterval(() => options.onProgress?.(progress()), progressMs);

  const offer = (event: MillraceEvent, offeredMs = performance.now()) => {
    made += 1;
    lanes.offer({ event, line: JSON.stringify(event), offeredMs });
  };

  async function makeOnSchedule(source: Iterator<MillraceEvent>, perMs: number): Promise<void> {
    // The first may take long, as all shoppers enter; the schedule begins after it.
    let next = source.next();
    let scheduleMs = performance.now();
    if (next.done) return;
    for (let due = 0; !ended.signal.aborted; ) {
      const nowMs = performance.now();
      for (; scheduleMs + due / perMs <= nowMs && lanes.pending() < maxPending; due++) {
        // Its age counts from when it was due, so that a maker that is late hides nothing.
        offer(next.value, scheduleMs + due / perMs);
        next = source.next();
        if (next.done) return;
      }
      if (lanes.pending() >= maxPending) {
        await lanes.roomBelow(maxPending);
        const waitedMs = performance.now() - nowMs;
        scheduleMs += waitedMs;
        heldBackMs += waitedMs;
      } else await sleep(Math.max(tickMs, scheduleMs + due / perMs - performance.now()), ended.signal);
    }
  }

  async function makeAsTaken(source: Iterable<MillraceEvent> | AsyncIterable<MillraceEvent>): Promise<void> {
    for await (const event of source) {
      offer(event);
      // A source that never waits would keep the requests from beginning.
      if (made % 256 === 0) await new Promise(setImmediate);
      if (lanes.pending() >= maxPending) await lanes.roomBelow(maxPending);
      if (ended.signal.aborted) break;
    }
  }

  /** Waits for the answers; after an abort for `graceMs` at most. */
  async function settle(): Promise<void> {
    lanes.flush();
    const drained = new AbortController();
    const giveUp = async () => {
      await sleep(options.graceMs ?? 5_000, drained.signal);
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

  let failure: Error | undefined;
  try {
    if (typeof events === 'function') await makeAsTaken(events(ended.signal));
    else if (eventsPerSecond === undefined) await makeAsTaken(events);
    else await makeOnSchedule(events[Symbol.iterator](), eventsPerSecond / 1000);
  } catch (error) {
    // The source's own error: what it had made is still sent.
    failure = error as Error;
  }
  end();
  await settle();
  clearInterval(ticker);
  failure ??= lanes.failure();
  const unacknowledged = made - acknowledged - refused;
  if (signal?.aborted && unacknowledged > 0) {
    failure = new TrafficError(
      `stopped before ${sink.target} had answered for ${unacknowledged} ${unacknowledged === 1 ? 'event' : 'events'}`,
    );
  }
  options.onProgress?.(progress());
  return {
    ...progress(),
    unacknowledged,
    requests: sink.counts.requests,
    retries: sink.counts.retries,
    heldBackMs: Math.round(heldBackMs),
    ...(failure && { failure }),
  };
}
