import type { MillraceEvent } from '@millrace/sdk/schema';

/** An event on its way. */
export interface Parcel {
  event: MillraceEvent;
  /** The event as one JSON line, without its newline. */
  line: string;
  /** When it was handed over, in `performance.now()` milliseconds. */
  offeredMs: number;
}

/** One event that was refused, and why; sending it again would not help. */
export interface Refused {
  event: MillraceEvent;
  /** As the target says it: `invalid_event at /item_quantity: …`. */
  reason: string;
}

/** What became of a batch: everything in it that is not refused is acknowledged. */
export interface Settled {
  refused: readonly Refused[];
  /** The target's answer, for people who want to see it. */
  answer: unknown;
}

/** How far a sink has got with trying, for the totals. */
export interface SinkCounts {
  requests: number;
  retries: number;
}

/** Where events are sent. It retries by itself, with the batch as it was, until the target has it. */
export interface Sink {
  /** For messages: `the ingest server at http://localhost:8080`. */
  readonly target: string;
  readonly counts: SinkCounts;
  /** How many events, and how many bytes of lines with their newlines, one batch may have. */
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  /**
   * Resolves when the target has answered for every event of the batch.
   * @throws TrafficError when that will not happen: the target refuses whatever is sent, cannot be reached for too long, or `hurry` was
   * called while it could not be reached. Then it is unknown whether the target has the batch.
   */
  send(batch: readonly Parcel[]): Promise<Settled>;
  /** From now on a failed attempt is not repeated. */
  hurry(): void;
  /** Ends the connections, also those that still wait for an answer. */
  close(): void;
}

/** Says what went wrong with the target, where, and what to do. */
export class TrafficError extends Error {
  override readonly name = 'TrafficError';
}

/** Takes one line about what goes wrong on the way. */
export type Log = (line: string) => void;
