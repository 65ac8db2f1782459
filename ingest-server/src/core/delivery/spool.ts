import type { Chunk } from '../chunk.js';

/** Where a chunk lies in the spool; a later one is greater. 0 is before all. */
export type Position = number;

/** The spool cannot take the chunks: nothing of them is acknowledged. */
export class SpoolError extends Error {
  constructor(
    readonly code: 'full' | 'failed' | 'closed',
    message: string,
  ) {
    super(message);
  }
}

export interface SpooledChunk {
  chunk: Chunk;
  position: Position;
}

export interface NextOptions {
  /** Only chunks behind this one. */
  after: Position;
  /** Only chunks of hashes that it likes. */
  wanted(hash: number): boolean;
  maxEvents: number;
  maxBytes: number;
}

export interface SpoolStats {
  /** On disk, delivered entries of unfinished segments included. */
  bytes: number;
  /** Chunks and events that are still to be delivered. */
  chunks: number;
  events: number;
  /** Entries set aside since the start. */
  damaged: number;
  /** Events in those of them that were known when the spool was opened or written. */
  setAsideEvents: number;
  /** How long ago the oldest undelivered chunk was appended; 0 without one. After a restart, when its file was last written. */
  oldestMs: number;
  /** Why nothing can be written now, or why the last write failed; undefined when neither is so. */
  failure: string | undefined;
  /** Whether a small batch would be refused now. */
  full: boolean;
}

/** Keeps chunks safe while the stream does not take them, in order. */
export interface Spool {
  /**
   * When the processes that had it and never closed it were last seen to live, in milliseconds since 1970, the first and the last of them; undefined
   * where it was closed. What they were doing then is not known: see core/left-open.ts.
   */
  readonly leftOpen: { first: number; last: number } | undefined;
  /** It is known now, or never will be: whoever opens it next is not told of them any more. */
  settle(): Promise<void>;
  /**
   * Appends chunks and calls `settled` once they are synced, with their positions; in the same moment they can be read.
   * Appends are stored in the order of the calls, several together. With an error none is stored: after a kill, though, there may be some of a
   * write that had been refused because the disk did not answer.
   */
  append(
    chunks: readonly Chunk[],
    settled: (error: SpoolError | undefined, positions: readonly Position[]) => void,
  ): void;
  /** The next undelivered chunks, oldest first. `damaged` counts the wanted ones that had to be set aside instead. */
  next(options: NextOptions): Promise<{ found: SpooledChunk[]; damaged: number }>;
  /** The newest undelivered chunks, oldest first, so many bytes of them. */
  newest(maxBytes: number): Promise<SpooledChunk[]>;
  /** Marks chunks as delivered; returns how many were not yet. */
  done(positions: readonly Position[]): number;
  /** Visits every undelivered chunk's hash. */
  forEach(visit: (hash: number) => void): void;
  stats(): SpoolStats;
  /** Finishes writes and lets go of the folder. What is not delivered stays. */
  close(): Promise<void>;
}
