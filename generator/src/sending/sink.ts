import type { MillraceEvent } from '@millrace/sdk/schema';

/** An event to be sent. */
export interface Parcel {
  event: MillraceEvent;
  /** The event as one JSON line, without its newline. */
  line: string;
  /** When it was due, in `performance.now()` milliseconds. */
  offeredMs: number;
}

/** An event that the target refused. Sending it again would not help. */
export interface Refused {
  event: MillraceEvent;
  /** In the target's words: `invalid_event at /item_quantity: …`. */
  reason: string;
}

/** The answer for a batch: every event of it that is not refused is acknowledged. */
export interface Settled {
  refused: readonly Refused[];
  /** The target's answer as it came, for people. */
  answer: unknown;
}

/** What a sink has sent so far. */
interface SinkCounts {
  requests: number;
  retries: number;
}

/** Where events are sent. It repeats a failed batch unchanged until the target has it. */
export interface Sink {
  /** For messages: `the ingest server at http://localhost:8080`. */
  readonly target: string;
  readonly counts: SinkCounts;
  readonly maxBatchEvents: number;
  /** Of the lines, each with its newline. */
  readonly maxBatchBytes: number;
  /**
   * Resolves when the target has answered for every event of the batch.
   * @throws MillraceError `TARGET_REFUSED` or `TARGET_UNREACHABLE`. In the second case the target may have the batch.
   */
  send(batch: readonly Parcel[]): Promise<Settled>;
  /** From now on a failed attempt is not repeated. */
  hurry(): void;
  /** Closes the connections, also those that still wait for an answer. */
  close(): void;
}

/** Takes one line for people about a failure. */
export type Log = (line: string) => void;
