import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chunk } from '../core/chunk.js';
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

/**
 * Writes appends into segments: whatever came while the last sync ran goes into the next one (group commit). Nothing is settled
 * before its sync returned. After any failure of a segment its end is cut off again and no more is written to it, because
 * a failed sync leaves unknown what the disk has.
 */
export function createSegmentWriter(options: SegmentWriterOptions) {
  const { folder, fs, room, maxBytes } = options;
  const queue: Append[] = [];
  let queuedBytes = 0;
  let nextSegmentId = options.firstId;
  let active: { segment: Segment; handle: FileHandle } | undefined;
  let running: Promise<void> | undefined;
  let failure: { message: string; at: number } | undefined;

  function takeGroup(): Append[] {
    let bytes = 0;
    let count = 0;
    while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= groupBytes))
      bytes += queue[count++]!.bytes;
    queuedBytes -= bytes;
    return queue.splice(0, count);
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
      try {
        const positions = await write(group);
        failure = undefined;
        group.forEach(({ settled }, i) => {
          settled(undefined, positions[i]!);
        });
        if (active !== undefined) options.released(active.segment);
      } catch (error) {
        failure = { message: (error as Error).message, at: performance.now() };
        options.failed?.(error as Error);
        const refusal = new SpoolError('failed', `the spool cannot be written: ${failure.message}`);
        for (const { settled } of group) settled(refusal, []);
      }
    }
    running = undefined;
  }

  return {
    append(chunks: readonly Chunk[], settled: Settled) {
      const buffers = chunks.flatMap(encodeFrame);
      const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
      if (queuedBytes + bytes > room()) {
        settled(new SpoolError('full', `the spool is full: it may hold ${maxBytes} bytes`), []);
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
    /** Why the last write failed. Fades, because a server that is refused traffic never gets to write again. */
    failure: () =>
      failure !== undefined && performance.now() - failure.at < failureFadesMs ? failure.message : undefined,
    async close() {
      await running;
      await seal();
    },
  };
}
