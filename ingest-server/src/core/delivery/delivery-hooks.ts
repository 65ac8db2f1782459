import type { Chunk } from '../chunk.js';

/** Whether the stream answers, and the last error. */
export interface KinesisState {
  state: 'unknown' | 'up' | 'down';
  code?: string;
  message?: string;
}

/** What a delivery reports about its work. Called on the hot path: must be quick and must not throw. */
export interface DeliveryHooks {
  /** A call ended, well or not. */
  called?(milliseconds: number): void;
  /** The stream has a record. */
  put?(record: { events: number; bytes: number }): void;
  /** A record will be sent again. */
  failed?(code: string): void;
  /**
   * A chunk is in the stream or the spool, but its request was refused because another chunk is not: it will come
   * again.
   */
  keptThoughRefused?(chunk: Chunk): void;
  /** Chunks were appended to the spool. */
  spooled?(events: number): void;
  /** The stream became available or unavailable. Once per change. */
  kinesis?(state: KinesisState): void;
  /** The spool began to be used, or is empty again. Once per change. */
  spool?(inUse: boolean): void;
  /** The spool could not be read. */
  spoolUnreadable?(error: Error): void;
}
