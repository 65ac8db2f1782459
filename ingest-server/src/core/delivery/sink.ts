import type { HashRange } from './hash-ranges.js';

/** One packed record, for the shard that `hashKey` names. */
export interface PackedRecord {
  partitionKey: string;
  /** Decimal, 0 … 2^128-1. */
  hashKey: string;
  /** JSON Lines, one after another. */
  chunks: readonly Buffer[];
  /** Of all chunks together. */
  bytes: number;
  events: number;
}

/** What became of one record: undefined when the stream has it. */
export type RecordFailure = { code: string; message: string } | undefined;

/**
 * Why a whole call failed. `throttled`: too fast. `unreachable`: no answer, or a server's fault; what it did is unknown.
 * `misconfigured`: no retry will help until somebody changes something.
 */
export type FailureKind = 'throttled' | 'unreachable' | 'misconfigured';

export class SinkError extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface TimeSpan {
  from: number;
  to: number;
}

/** Where packed records go. */
export interface Sink {
  /**
   * Puts records, none of which waits for another: the answer has one entry per record, in order.
   * Does not retry; does not take longer than its own time limit.
   * @throws SinkError when the call as a whole failed.
   */
  put(records: readonly PackedRecord[]): Promise<RecordFailure[]>;
  /** The ranges of the open shards, in order. @throws SinkError */
  ranges(): Promise<HashRange[]>;
  /**
   * Visits the data of the records that came between two times, in milliseconds since 1970 by the stream's clock; those that came from elsewhere, too.
   * @throws SinkError
   */
  read(span: TimeSpan, visit: (data: Uint8Array) => void): Promise<void>;
  close(): void;
}
