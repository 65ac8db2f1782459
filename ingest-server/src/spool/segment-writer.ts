import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chunk } from '../core/chunk.js';
import type { Clock } from '../core/clock.js';
import { encodeFrame } from './frame.js';
import { type Segment, segmentBytes, segmentHeader, segmentName } from './segment.js';
import { type Position, SpoolError } from './spool.js';
import type { SpoolFs } from './spool-fs.js';

type Settled = (error: SpoolError | undefined, positions: readonly Position[]) => void;

interface Append {
  chunks: readonly Chunk[];
  buffers: Buffer[];
  bytes: number;
  settled: Settled;
}

export interface SegmentWriterOptions {
  folder: string;
  fs: SpoolFs;
  clock: Clock;
  /** How many bytes may still be written. */
  room(): number;
  maxBytes: number;
  firstId: number;
  newSegment(id: number): Segment;
  /** Enters a synced chunk; returns its position. */
  stored(segment: Segment, entry: { offset: number; chunk: Chunk; bytes: number }): Position;
  grown(segment: Segment, bytes: number): void;
  /** The segment is no longer being written. */
  released(segment: Segment): void;
  failed?(error: Error): void;
}

/** What one sync covers at most, so that the first of a long queue does not wait for the last. */
const groupBytes = 4 * 1024 * 1024;
/** What counts as room for one more batch. */
const smallBatchBytes = 64 * 1024;
const failureFadesMs = 10_000;
/** What may wait for the disk, in memory. */
const maxQueuedBytes = 32 * 1024 * 1024;
/** What a write with its sync may take: a group is small, so a disk that needs longer hangs. */
const writeLimitMs = 5_000;

/** Writes all of the buffers to a place, without joining them first; a short write is continued, and what stops it is thrown. */
async function writeAll(handle: FileHandle, buffers: readonly Buffer[], position: number) {
  let rest = buffers;
  for (let at = position; rest.length > 0; ) {
    const { bytesWritten } = await handle.writev(rest, at);
    at += bytesWritten;
    let left = bytesWritten;
    const done = rest.findIndex(({ length }) => {
      left -= length;
      return left < 0;
    });
    rest = done < 0 ? [] : [rest[done]!.subarray(rest[done]!.length + left), ...rest.slice(done + 1)];
  }
}

/** Makes a new file's name survive a power failure. Some systems cannot sync a folder; they do not need it. */
async function syncFolder(folder: string, fs: SpoolFs) {
  const handle = await fs.open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

const doesNotAnswer = `the disk has not answered for ${writeLimitMs / 1000} s`;
/** A write that ended, but whose appends were refused meanwhile. */
const tooLate = new Error('the write took too long');

/**
 * Writes appends into segments: whatever came while the last sync ran goes into the next one (group commit). Nothing counts as stored
 * before its sync returned. After any failure of a segment its end is cut off again and no more is written to it, because
 * a failed sync leaves unknown what the disk has.
 *
 * A disk may hang: then all that waits for it is refused when the time is up, and whatever comes at once, until the write has ended. Should it
 * end well, what it wrote is cut off all the same: who was refused comes again.
 */
export function createSegmentWriter(options: SegmentWriterOptions) {
  const { folder, fs, clock, room, maxBytes } = options;
  const queue: Append[] = [];
  /** What is being written included. */
  let queuedBytes = 0;
  /** The write that runs takes too long: whom it was for has been told. */
  let hangs = false;
  let nextSegmentId = options.firstId;
  let active: { segment: Segment; handle: FileHandle } | undefined;
  let running: Promise<void> | undefined;
  let failure: { message: string; at: number } | undefined;

  function takeGroup(): Append[] {
    let bytes = 0;
    let count = 0;
    while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= groupBytes))
      bytes += queue[count++]!.bytes;
    return queue.splice(0, count);
  }

  /** First none of them waits any more, for who is told may append in the same moment. */
  function settle(appends: readonly Append[], tell: (append: Append, index: number) => void) {
    for (const { bytes } of appends) queuedBytes -= bytes;
    appends.forEach(tell);
  }

  const cannotWrite = (why: string) => new SpoolError('failed', `the spool cannot be written: ${why}`);

  function refuse(appends: readonly Append[], why: string) {
    settle(appends, ({ settled }) => settled(cannotWrite(why), []));
  }

  function giveUp(group: readonly Append[]) {
    hangs = true;
    options.failed?.(new Error(doesNotAnswer));
    refuse([...group, ...queue.splice(0)], doesNotAnswer);
  }

  /** Why the disk can be given no more so many bytes at the moment. */
  function whyBusy(bytes: number): string | undefined {
    if (hangs) return doesNotAnswer;
    return queuedBytes > 0 && queuedBytes + bytes > maxQueuedBytes
      ? `the disk is too slow: ${queuedBytes} bytes wait for it`
      : undefined;
  }

  function whyRefused(bytes: number): SpoolError | undefined {
    if (queuedBytes + bytes > room()) return new SpoolError('full', `the spool is full: it may hold ${maxBytes} bytes`);
    const busy = whyBusy(bytes);
    return busy === undefined ? undefined : cannotWrite(busy);
  }

  async function seal() {
    if (active === undefined) return;
    const { segment, handle } = active;
    active = undefined;
    segment.sealed = true;
    await handle.close().catch(() => undefined);
    options.released(segment);
  }

  async function write(group: Append[]): Promise<Position[][]> {
    if (active !== undefined && active.segment.size >= segmentBytes) await seal();
    if (active === undefined) {
      const id = nextSegmentId++;
      // Fails if it is there: a segment is never written by two.
      const handle = await fs.open(join(folder, segmentName(id)), 'wx');
      active = { segment: options.newSegment(id), handle };
    }
    const { segment, handle } = active;
    segment.writing = true;
    const start = segment.size;
    const isNew = start === 0;
    const buffers = [...(isNew ? [segmentHeader] : []), ...group.flatMap((append) => append.buffers)];
    try {
      await writeAll(handle, buffers, start);
      await handle.datasync();
      if (isNew) await syncFolder(folder, fs);
      if (hangs) throw tooLate;
    } catch (error) {
      await handle.truncate(start).catch(() => undefined);
      segment.writing = false;
      await seal();
      throw error;
    }
    options.grown(
      segment,
      buffers.reduce((sum, { length }) => sum + length, 0),
    );
    let offset = start + (isNew ? segmentHeader.length : 0);
    const positions = group.map(({ chunks, buffers }) =>
      chunks.map((chunk, i) => {
        const length = buffers[2 * i]!.length + buffers[2 * i + 1]!.length;
        const position = options.stored(segment, { offset, chunk, bytes: length });
        offset += length;
        return position;
      }),
    );
    segment.writing = false;
    return positions;
  }

  async function run() {
    while (queue.length > 0) {
      const group = takeGroup();
      const stopWatch = clock.after(writeLimitMs, () => giveUp(group));
      try {
        const positions = await write(group);
        failure = undefined;
        settle(group, ({ settled }, i) => settled(undefined, positions[i]!));
        if (active !== undefined) options.released(active.segment);
      } catch (error) {
        failure = error === tooLate ? undefined : { message: (error as Error).message, at: clock.now() };
        if (!hangs) {
          options.failed?.(error as Error);
          refuse(group, (error as Error).message);
        }
      } finally {
        stopWatch();
        hangs = false;
      }
    }
    running = undefined;
  }

  return {
    append(chunks: readonly Chunk[], settled: Settled) {
      const buffers = chunks.flatMap(encodeFrame);
      const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
      const refusal = whyRefused(bytes);
      if (refusal !== undefined) {
        settled(refusal, []);
        return;
      }
      queue.push({ chunks, buffers, bytes, settled });
      queuedBytes += bytes;
      running ??= run();
    },
    /** The segment is about to be removed. */
    forget(segment: Segment) {
      if (active?.segment !== segment) return;
      void active.handle.close().catch(() => undefined);
      active = undefined;
    },
    isFull: () => room() - queuedBytes < Math.min(smallBatchBytes, maxBytes / 4),
    /** Why nothing can be written now, or why the last write failed. That fades, because a server that is refused traffic never gets to write again. */
    failure() {
      const faded = failure === undefined || clock.now() - failure.at >= failureFadesMs;
      return whyBusy(smallBatchBytes) ?? (faded ? undefined : failure?.message);
    },
    async close() {
      await running;
      await seal();
    },
  };
}
