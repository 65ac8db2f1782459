import type { Clock } from '@millrace/kit/clock';
import type { Chunk } from '../core/chunk.js';
import type { Position } from '../core/delivery/spool.js';
import { createActiveSegment, tooLate } from './active-segment.js';
import { type Append, createAppendQueue, doesNotAnswer, type Settled, writeLimitMs } from './append-queue.js';
import type { Segment } from './segment.js';
import type { SpoolFs } from './spool-fs.js';
import type { SpoolIndex } from './spool-index.js';

/** Where to write, and who learns what became of it. */
export interface SegmentWriterOptions {
  folder: string;
  fs: SpoolFs;
  clock: Clock;
  index: SpoolIndex;
  /** Bytes that the spool may have on disk. */
  maxBytes: number;
  /** The number of the first segment to write. */
  firstId: number;
  /** The segment is not being written at the moment, and may be removed if all of it is delivered. */
  released(segment: Segment): void;
  failed(error: Error): void;
}

/** Appends to the spool, several appends to a sync. */
export interface SegmentWriter {
  append(chunks: readonly Chunk[], settled: Settled): void;
  /** The segment is about to be removed. */
  forget(segment: Segment): void;
  /** Whether a small batch would be refused for want of room. */
  isFull(): boolean;
  /**
   * Why nothing can be written now, or why the last write failed. The latter fades: a server that is sent no traffic
   * because of it would never write again.
   */
  failure(): string | undefined;
  /** Finishes the writes that run or wait. */
  close(): Promise<void>;
}

const failureFadesMs = 10_000;

/**
 * Writes appends into segments: whatever came while the last sync ran goes into the next one (group commit). Nothing
 * counts as stored before its sync returned.
 *
 * A disk may hang: after the time limit, everything that waits for it is refused, and so is whatever comes until the
 * write has ended. Should it end well, its bytes are cut off all the same, because the refused senders come again.
 */
export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { folder, fs, clock, index, maxBytes, firstId, released, failed } = options;
  const queue = createAppendQueue({ room: () => maxBytes - index.bytes(), maxBytes });
  const active = createActiveSegment({ folder, fs, index, firstId, sealed: released });
  let running: Promise<void> | undefined;
  let failure: { message: string; at: number } | undefined;

  async function write(group: readonly Append[]): Promise<Position[][]> {
    const { segment, offset } = await active.write(
      group.flatMap(({ buffers }) => buffers),
      queue.hangs,
    );
    let at = offset;
    const positions = group.map(({ chunks, buffers }) =>
      chunks.map((chunk, i) => {
        const bytes = buffers[2 * i]!.length + buffers[2 * i + 1]!.length;
        const position = index.enter(segment, { offset: at, chunk, bytes });
        at += bytes;
        return position;
      }),
    );
    segment.writing = false;
    return positions;
  }

  async function writeInTime(group: readonly Append[]) {
    const stopWatch = clock.after(writeLimitMs, () => {
      failed(new Error(doesNotAnswer));
      queue.giveUp(group);
    });
    try {
      const positions = await write(group);
      failure = undefined;
      queue.stored(group, positions);
      const segment = active.segment();
      if (segment !== undefined) released(segment);
    } catch (error) {
      failure = error === tooLate ? undefined : { message: (error as Error).message, at: clock.monotonicMs() };
      if (queue.hangs()) return;
      failed(error as Error);
      queue.refuse(group, (error as Error).message);
    } finally {
      stopWatch();
      queue.answered();
    }
  }

  async function run() {
    while (!queue.isEmpty()) await writeInTime(queue.takeGroup());
    running = undefined;
  }

  return {
    append(chunks, settled) {
      if (queue.add(chunks, settled)) running ??= run();
    },
    forget: active.forget,
    isFull: queue.isFull,
    failure() {
      const faded = failure === undefined || clock.monotonicMs() - failure.at >= failureFadesMs;
      return queue.whyBusy() ?? (faded ? undefined : failure?.message);
    },
    async close() {
      await running;
      await active.seal();
    },
  };
}
