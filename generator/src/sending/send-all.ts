import { type CarryOptions, type CarrySummary, carry, type Feeding } from './carry.js';
import { createIngestSink, type IngestSinkOptions } from './ingest-sink.js';
import type { Sink } from './sink.js';

/** With a rate: events without an answer at most. Enough for any hiccup, and bounded in memory. */
const maxPending = 100_000;
/** How long the first event of a batch waits for others. Full batches go at once. */
const lingerMs = { paced: 50, unpaced: 5 };

/** Requests in flight at most, when nobody says otherwise. */
export const defaultConnections = 16;

/**
 * How to feed a sink. `paced`: at a rate or a recording's pace, with a linger; else full batches as fast as they are
 * answered.
 */
export function feeding(sink: Sink, connections: number, paced: boolean): Feeding {
  if (paced) return { lanes: connections, lingerMs: lingerMs.paced, maxPending };
  // For each connection one batch in flight and one in the making.
  return { lanes: connections, lingerMs: lingerMs.unpaced, maxPending: 2 * connections * sink.maxBatchEvents };
}

/** What to send, and to which ingest server. */
export type SendOptions = Omit<CarryOptions, 'sink' | keyof Feeding> &
  Omit<IngestSinkOptions, 'connections'> & {
    /** Requests in flight at most; 16. */
    connections?: number | undefined;
  };

/**
 * Sends events through an ingest server, as the tracker would, until each is acknowledged or refused. Rejects only on
 * an error of ours: the summary has the failure and how many events have no answer.
 */
export function sendAll(options: SendOptions): Promise<CarrySummary> {
  const connections = options.connections ?? defaultConnections;
  const sink = createIngestSink({ ...options, connections });
  const paced = options.eventsPerSecond !== undefined || typeof options.events === 'function';
  return carry({ ...options, ...feeding(sink, connections, paced), sink });
}
