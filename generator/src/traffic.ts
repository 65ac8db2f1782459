import type { MillraceEvent } from '@millrace/sdk/schema';
import { type CarryOptions, type CarrySummary, carry } from './carry.js';
import { type CollectorOptions, createCollector } from './collector.js';
import { shoppers } from './shoppers.js';
import type { Log, Sink } from './sink.js';

/** Events that wait for an answer, with a rate: enough for any hiccup, and bounded in memory. */
const maxPending = 100_000;
/** How long the first event of a batch waits for others; a request then carries what came together. Full batches go at once. */
const lingerMs = { paced: 50, unpaced: 5 };
export const defaultConnections = 16;

/** How a sink of batches is best fed: at a rate or a recording's pace with a linger, else full batches as fast as they are answered. */
export function feeding(
  sink: Sink,
  connections: number,
  paced: boolean,
): Pick<CarryOptions, 'lanes' | 'lingerMs' | 'maxPending'> {
  if (paced) return { lanes: connections, lingerMs: lingerMs.paced, maxPending };
  // One batch on its way and one in the making for each connection.
  return { lanes: connections, lingerMs: lingerMs.unpaced, maxPending: 2 * connections * sink.maxBatchEvents };
}

export type SendOptions = Omit<CarryOptions, 'sink' | 'lanes' | 'lingerMs' | 'maxPending'> &
  Omit<CollectorOptions, 'connections'> & {
    /** Requests in flight at most; 16 when left out. */
    connections?: number | undefined;
  };

/**
 * Sends events through an ingest server, as the tracker would, until each is acknowledged or refused.
 * What failed is in the summary, with how many events had no answer.
 */
export function sendAll(options: SendOptions): Promise<CarrySummary> {
  const connections = options.connections ?? defaultConnections;
  const sink = createCollector({ ...options, connections });
  const paced = options.eventsPerSecond !== undefined || typeof options.events === 'function';
  return carry({ ...options, ...feeding(sink, connections, paced), sink });
}

export function* take<T>(source: Iterable<T>, count: number): Generator<T> {
  if (count <= 0) return;
  let taken = 0;
  for (const item of source) {
    yield item;
    if (++taken >= count) return;
  }
}

/** Synthetic shoppers as they happen: their events are stamped with this machine's clock. */
export function liveShoppers(options: { seed?: string | undefined; sessions: number }): Iterable<MillraceEvent> {
  return shoppers({ ...options, now: Date.now });
}

/** So many visits at a time give this rate when people click every six seconds or so. */
export function sessionsFor(eventsPerSecond: number): number {
  return Math.min(5_000, Math.max(5, Math.round(eventsPerSecond * 6)));
}

export interface TrafficOptions {
  url: string;
  key: string;
  eventsPerSecond: number;
  /** Stops by itself after so many. */
  maxEvents: number;
  seed?: string;
  log?: Log;
}

export interface Traffic {
  /** Events made so far. */
  sent(): number;
  acknowledged(): number;
  /** Makes no more events, lets the requests in flight end, and resolves. */
  stop(): Promise<void>;
}

/** A trickle of synthetic shoppers. A server that is away is waited for, however long. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { url, key, eventsPerSecond, maxEvents, seed, log } = options;
  const stopping = new AbortController();
  let sent = 0;
  let acknowledged = 0;
  function* counted() {
    for (const event of take(liveShoppers({ seed, sessions: sessionsFor(eventsPerSecond) }), maxEvents)) {
      yield event;
      sent += 1;
    }
  }
  const ended = sendAll({
    url,
    key,
    events: counted(),
    eventsPerSecond,
    connections: 4,
    giveUpAfterMs: Number.POSITIVE_INFINITY,
    graceMs: 5_000,
    signal: stopping.signal,
    log,
    onAcknowledged: () => {
      acknowledged += 1;
    },
    onRefused: ({ reason }) => log?.(`synthetic shoppers: an event was refused: ${reason}`),
  }).then((summary) => {
    if (summary.failure && !stopping.signal.aborted) log?.(`synthetic shoppers stopped: ${summary.failure.message}`);
  });
  return {
    sent: () => sent,
    acknowledged: () => acknowledged,
    stop() {
      stopping.abort();
      return ended;
    },
  };
}
