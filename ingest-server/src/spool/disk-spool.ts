import * as nodeFs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Chunk } from '../core/chunk.js';
import { type Clock, systemClock } from '../core/clock.js';
import { createDamageKeeper } from './damage-keeper.js';
import { createDoneFiles } from './done-files.js';
import { type FolderLock, lockFolder } from './folder-lock.js';
import { decodeFrame } from './frame.js';
import { nextId, readSegments } from './open-folder.js';
import { createSegment, indexOf, positionOf, type Segment, segmentName, segmentOf } from './segment.js';
import { createSegmentReader } from './segment-reader.js';
import { createSegmentWriter } from './segment-writer.js';
import { type NextOptions, type Position, type Spool, SpoolError, type SpooledChunk } from './spool.js';
import type { SpoolFs } from './spool-fs.js';
import type { SpoolReport } from './spool-report.js';

export interface DiskSpoolOptions {
  folder: string;
  maxBytes: number;
  report?: SpoolReport;
  fs?: SpoolFs;
  clock?: Clock;
}

async function prepareFolder(folder: string, fs: SpoolFs): Promise<FolderLock> {
  try {
    await fs.mkdir(folder, { recursive: true });
    return await lockFolder(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Error(
      `the spool folder ${folder} cannot be used (${message}): make it writable, or set MILLRACE_SPOOL_FOLDER to a folder that is`,
    );
  }
}

/**
 * A spool in a folder: segments of 4 MiB (`00000001.spool`), each with a list of what of it was delivered (`.done`). A segment
 * goes when all of it is delivered. Bounded by `maxBytes`.
 * @throws Error when the folder cannot be used or holds what is no spool, naming the file
 */
export async function openDiskSpool(options: DiskSpoolOptions): Promise<Spool> {
  const { maxBytes, report = {}, fs = nodeFs, clock = systemClock } = options;
  const folder = resolve(options.folder);
  const lock = await prepareFolder(folder, fs);
  const segments = new Map<number, Segment>();
  const reader = createSegmentReader({ folder, fs });
  const doneFiles = createDoneFiles({ folder, fs });
  const chores = new Map<number, Promise<void>>();
  let damagedEntries = 0;
  let setAsideEvents = 0;
  let bytesOnDisk = 0;
  let openChunks = 0;
  let openEvents = 0;
  let closed = false;

  const countingReport: SpoolReport = {
    ...report,
    damaged(found) {
      damagedEntries += 1;
      report.damaged?.(found);
    },
  };

  /** Things that are done to a segment's files beside writing, one after another; their failure costs no event. */
  function chore(id: number, task: () => Promise<unknown>): Promise<void> {
    // The folder may be another server's by now; what it does not learn is sent twice, and that is all.
    if (closed) return Promise.resolve();
    const before = chores.get(id) ?? Promise.resolve();
    const after = before.then(task).then(
      () => undefined,
      (error: Error) => report.failed?.(error),
    );
    chores.set(id, after);
    void after.then(() => {
      if (chores.get(id) === after) chores.delete(id);
    });
    return after;
  }

  const keeper = createDamageKeeper({
    folder,
    fs,
    clock,
    report: countingReport,
    chore,
    noteKept: (id, start) => doneFiles.list(id, [start]).catch(() => undefined),
    kept: removeWhenFinished,
  });

  function removeWhenFinished(segment: Segment) {
    if (segment.open > 0 || segment.writing || segment.unkept.length > 0 || !segments.has(segment.id)) return;
    writer.forget(segment);
    segments.delete(segment.id);
    bytesOnDisk -= segment.size;
    void chore(segment.id, async () => {
      await fs.rm(join(folder, segmentName(segment.id)), { force: true });
      await doneFiles.remove(segment.id);
    });
  }

  function stored(segment: Segment, entry: { offset: number; chunk: Chunk; bytes: number }): Position {
    const { offset, chunk, bytes } = entry;
    openChunks += 1;
    openEvents += chunk.events;
    return positionOf(
      segment.id,
      segment.add({ offset, bytes, hash: chunk.hash, events: chunk.events, at: Date.now() }),
    );
  }

  function oldestMs(): number {
    for (const segment of segments.values()) {
      const at = segment.oldestAt();
      if (at !== undefined) return Math.max(0, Date.now() - at);
    }
    return 0;
  }

  function finish(segment: Segment, index: number): boolean {
    if (!segment.setDone(index)) return false;
    openChunks -= 1;
    openEvents -= segment.events(index);
    return true;
  }

  const firstId = await (async () => {
    try {
      for (const segment of await readSegments(folder, fs, countingReport)) {
        segments.set(segment.id, segment);
        bytesOnDisk += segment.size;
        for (let i = 0; i < segment.count; i++) {
          if (segment.isDone(i)) continue;
          openChunks += 1;
          openEvents += segment.events(i);
        }
      }
      return nextId(await fs.readdir(folder));
    } catch (error) {
      await lock.release();
      throw error;
    }
  })();

  const writer = createSegmentWriter({
    folder,
    fs,
    clock,
    room: () => maxBytes - bytesOnDisk,
    maxBytes,
    firstId,
    newSegment(id) {
      const segment = createSegment(id);
      segments.set(id, segment);
      return segment;
    },
    stored,
    grown(segment, bytes) {
      segment.size += bytes;
      bytesOnDisk += bytes;
    },
    released: removeWhenFinished,
    ...(report.failed === undefined ? {} : { failed: report.failed }),
  });
  for (const segment of [...segments.values()]) {
    if (segment.unkept.length > 0) keeper.keepLater(segment);
    removeWhenFinished(segment);
  }

  /**
   * An entry that is not what was written: nobody waits for it any more, whether it can be copied, which on a full disk it cannot, or not yet.
   * Returns whether it was still undelivered.
   */
  async function setAside(segment: Segment, index: number): Promise<boolean> {
    if (!finish(segment, index)) return false;
    setAsideEvents += segment.events(index);
    const start = segment.offset(index);
    segment.unkept.push({ start, end: start + segment.bytes(index) });
    await keeper.keep(segment);
    return true;
  }

  function markDone(positions: readonly Position[]): number {
    let marked = 0;
    const bySegment = new Map<Segment, number[]>();
    for (const position of positions) {
      const segment = segments.get(segmentOf(position));
      const index = indexOf(position);
      if (segment === undefined || !finish(segment, index)) continue;
      marked += 1;
      const offsets = bySegment.get(segment) ?? [];
      offsets.push(segment.offset(index));
      bySegment.set(segment, offsets);
    }
    for (const [segment, offsets] of bySegment) {
      // A segment that is finished is removed whole, as a rule.
      const isRemoved = segment.open === 0 && !segment.writing && segment.unkept.length === 0;
      if (!isRemoved) void chore(segment.id, () => doneFiles.append(segment.id, offsets));
      removeWhenFinished(segment);
    }
    return marked;
  }

  async function next({ after, wanted, maxEvents, maxBytes: most }: NextOptions) {
    const found: SpooledChunk[] = [];
    let damaged = 0;
    let events = 0;
    let bytes = 0;
    for (const segment of [...segments.values()]) {
      if (segment.id < segmentOf(after)) continue;
      for (let i = segment.id === segmentOf(after) ? indexOf(after) + 1 : 0; i < segment.count; i++) {
        if (segment.isDone(i) || !wanted(segment.hash(i))) continue;
        const length = segment.bytes(i);
        const full = events + segment.events(i) > maxEvents || bytes + length > most;
        if (full && found.length > 0) return { found, damaged };
        const frame = await reader.read(segment, segment.offset(i), length);
        const chunk = decodeFrame(frame, 0);
        if (chunk === undefined) {
          if (await setAside(segment, i)) damaged += 1;
          continue;
        }
        found.push({ chunk, position: positionOf(segment.id, i) });
        events += chunk.events;
        bytes += length;
      }
    }
    return { found, damaged };
  }

  /** The last place behind which there are so many bytes of undelivered chunks. */
  function beforeNewest(maxBytes: number): Position {
    let bytes = 0;
    for (const segment of [...segments.values()].reverse()) {
      for (let i = segment.count - 1; i >= 0; i--) {
        if (segment.isDone(i)) continue;
        bytes += segment.bytes(i);
        if (bytes > maxBytes) return positionOf(segment.id, i);
      }
    }
    return 0;
  }

  return {
    leftOpen: lock.leftOpen,
    settle: lock.settle,

    append(chunks, settled) {
      if (closed) settled(new SpoolError('closed', 'the spool is closed'), []);
      else writer.append(chunks, settled);
    },

    next,

    async newest(most) {
      const options = { after: beforeNewest(most), wanted: () => true, maxEvents: Infinity, maxBytes: most };
      return (await next(options)).found;
    },

    done: markDone,

    forEach(visit) {
      for (const segment of segments.values()) {
        for (let i = 0; i < segment.count; i++) if (!segment.isDone(i)) visit(segment.hash(i));
      }
    },

    stats: () => ({
      bytes: bytesOnDisk,
      chunks: openChunks,
      events: openEvents,
      damaged: damagedEntries,
      setAsideEvents,
      oldestMs: oldestMs(),
      failure: writer.failure(),
      full: writer.isFull(),
    }),

    async close() {
      if (closed) return;
      closed = true;
      keeper.stop();
      await writer.close();
      await Promise.all(chores.values());
      await doneFiles.close();
      await lock.release();
    },
  };
}
