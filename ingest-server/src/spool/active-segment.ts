import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { type Segment, segmentBytes, segmentHeader, segmentName } from './segment.js';
import type { SpoolFs } from './spool-fs.js';
import type { SpoolIndex } from './spool-index.js';

/** A write that ended after its time limit, when its appends had been refused. */
export const tooLate = new Error('the write took too long');

/** Where to write, and who learns that a segment is complete. */
export interface ActiveSegmentOptions {
  folder: string;
  fs: SpoolFs;
  index: Pick<SpoolIndex, 'create' | 'grow'>;
  /** The number of the first segment to write. */
  firstId: number;
  /** A segment takes no more writes. */
  sealed(segment: Segment): void;
}

/** The one segment that is being written: a new one follows when it is full, or when a write to it failed. */
export interface ActiveSegment {
  segment(): Segment | undefined;
  /**
   * Writes and syncs; `segment.writing` stays true for the caller to enter what was written. After any failure the end
   * is cut off again and the segment sealed, because a failed sync leaves unknown what the disk has.
   * @param isTooLate asked at the end: then the write counts as failed, with `tooLate`
   */
  write(buffers: readonly Buffer[], isTooLate: () => boolean): Promise<{ segment: Segment; offset: number }>;
  /** The segment is about to be removed. */
  forget(segment: Segment): void;
  /** Closes the segment's file. */
  seal(): Promise<void>;
}

/** Writes all of the buffers to a place, without joining them first; continues a short write, throws what stops it. */
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

/** Makes a new file's name survive a power failure. Windows cannot open a folder for that, and does not need it. */
async function syncFolder(folder: string, fs: SpoolFs) {
  const handle = await fs.open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** No segment, until the first write. */
export function createActiveSegment({ folder, fs, index, firstId, sealed }: ActiveSegmentOptions): ActiveSegment {
  let nextSegmentId = firstId;
  let active: { segment: Segment; handle: FileHandle } | undefined;

  async function seal() {
    if (active === undefined) return;
    const { segment, handle } = active;
    active = undefined;
    segment.sealed = true;
    await handle.close().catch(() => undefined);
    sealed(segment);
  }

  return {
    seal,
    segment: () => active?.segment,
    forget(segment) {
      if (active?.segment !== segment) return;
      void active.handle.close().catch(() => undefined);
      active = undefined;
    },
    async write(buffers, isTooLate) {
      if (active !== undefined && active.segment.size >= segmentBytes) await seal();
      if (active === undefined) {
        const id = nextSegmentId++;
        // Fails if it is there: a segment is never written by two.
        const handle = await fs.open(join(folder, segmentName(id)), 'wx');
        active = { segment: index.create(id), handle };
      }
      const { segment, handle } = active;
      segment.writing = true;
      const start = segment.size;
      const isNew = start === 0;
      const written = isNew ? [segmentHeader, ...buffers] : buffers;
      try {
        await writeAll(handle, written, start);
        await handle.datasync();
        if (isNew) await syncFolder(folder, fs);
        if (isTooLate()) throw tooLate;
      } catch (error) {
        await handle.truncate(start).catch(() => undefined);
        segment.writing = false;
        await seal();
        throw error;
      }
      index.grow(
        segment,
        written.reduce((sum, { length }) => sum + length, 0),
      );
      return { segment, offset: start + (isNew ? segmentHeader.length : 0) };
    },
  };
}
