import type { HashRange } from './hash-ranges.js';

/** One packed record, for the shard of `hashKey`. */
export interface PackedRecord {
  partitionKey: string;
  /** Decimal, 0 … 2^128-1. */
  hashKey: string;
  /** JSON Lines, one after another. */
  chunks: readonly Buffer[];
  /** The bytes of all chunks. */
  bytes: number;
  events: number;
}

/** Why the stream does not have a record; undefined when it has it. */
export type RecordFailure = { code: string; message: string } | undefined;

/**
 * Why a whole call failed. `throttled`: too fast. `unreachable`: no answer, or an internal error of the service;
 * whether it took the records is unknown. `misconfigured`: no retry helps until somebody changes something.
 */
export type FailureKind = 'throttled' | 'unreachable' | 'misconfigured';

/** A call to the sink failed as a whole. */
export class SinkError extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** In milliseconds since 1970. */
export interface TimeSpan {
  from: number;
  to: number;
}

/** Where packed records go. */
export interface Sink {
  /**
   * Puts records; the answer has one entry per record, in order. Does not retry, and takes no longer than its own time
   * limit.
   * @throws SinkError when the call as a whole failed.
   */
  put(records: readonly PackedRecord[]): Promise<RecordFailure[]>;
  /** The ranges of the open shards, in order. @throws SinkError */
  ranges(): Promise<HashRange[]>;
  /**
   * Visits the data of all records that arrived between two times by the stream's clock, whoever put them.
   * @throws SinkError
   */
  read(span: TimeSpan, visit: (data: Uint8Array) => void): Promise<void>;
  close(): void;
}
