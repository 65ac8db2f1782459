import type { Chunk } from '../chunk.js';

/** Where a chunk lies in the spool; later ones are greater. 0 is before all. */
export type Position = number;

/** The spool cannot take the chunks: none of them is acknowledged. */
export class SpoolError extends Error {
  constructor(
    readonly code: 'full' | 'failed' | 'closed',
    message: string,
  ) {
    super(message);
  }
}

/** A chunk and where it lies in the spool. */
export interface SpooledChunk {
  chunk: Chunk;
  position: Position;
}

/** Which chunks to read, and how many. */
export interface NextOptions {
  /** Only chunks behind this one. */
  after: Position;
  /** Only chunks of these hashes. */
  wanted(hash: number): boolean;
  maxEvents: number;
  maxBytes: number;
}

/** How full the spool is, and whether it works. */
export interface SpoolStats {
  /** Bytes on disk, with delivered entries of unfinished segments. */
  bytes: number;
  /** Chunks and events still to be delivered. */
  chunks: number;
  events: number;
  /** Entries set aside since the start, or at it. */
  damaged: number;
  /** Events in those entries, as far as their number was readable. */
  setAsideEvents: number;
  /** The age of the oldest undelivered chunk; 0 without one. After a restart, since its file was last written. */
  oldestMs: number;
  /** Why nothing can be written now, or why the last write failed; undefined when all is well. */
  failure: string | undefined;
  /** Whether a small batch would be refused now. */
  full: boolean;
}

/** Keeps chunks safe while the stream does not take them, in order. */
export interface Spool {
  /**
   * When processes that crashed with the spool open last showed a sign of life: the first and the last of them, in
   * milliseconds since 1970; undefined when all closed it. See crash-recovery.ts.
   */
  readonly leftOpen: { first: number; last: number } | undefined;
  /** Forgets them: crash recovery is done. */
  settle(): Promise<void>;
  /**
   * Appends chunks and calls `settled` once they are synced, with their positions; from then on they can be read.
   * Appends are stored in the order of the calls, several together. With an error none is stored; but after a kill
   * there may be some of a write that was refused because the disk did not answer.
   */
  append(
    chunks: readonly Chunk[],
    settled: (error: SpoolError | undefined, positions: readonly Position[]) => void,
  ): void;
  /** The next undelivered chunks, oldest first. `damaged` counts the wanted ones that had to be set aside instead. */
  next(options: NextOptions): Promise<{ found: SpooledChunk[]; damaged: number }>;
  /** The newest undelivered chunks, oldest first, at most `maxBytes` of them. */
  newest(maxBytes: number): Promise<SpooledChunk[]>;
  /** Marks chunks as delivered; returns how many were not yet marked. */
  done(positions: readonly Position[]): number;
  /** Visits every undelivered chunk's hash. */
  forEach(visit: (hash: number) => void): void;
  stats(): SpoolStats;
  /** Bytes of damaged entries that are set aside, also by earlier processes, and that nobody has taken away yet. */
  asideBytes(): Promise<number>;
  /** Finishes writes and releases the folder. Undelivered chunks stay. */
  close(): Promise<void>;
}
