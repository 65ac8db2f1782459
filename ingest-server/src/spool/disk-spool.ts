import * as nodeFs from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Clock, systemClock } from '@millrace/kit/clock';
import { MillraceError } from '@millrace/kit/millrace-error';
import type { Chunk } from '../core/chunk.js';
import { type Position, type Spool, SpoolError } from '../core/delivery/spool.js';
import { createChunkReader } from './chunk-reader.js';
import { createDamageKeeper } from './damage-keeper.js';
import { damagedBytes } from './damaged-files.js';
import { type FolderLock, lockFolder } from './folder-lock.js';
import { nextId, readSegments } from './open-folder.js';
import { indexOf, type Segment } from './segment.js';
import { createSegmentFiles } from './segment-files.js';
import { createSegmentReader } from './segment-reader.js';
import { createSegmentWriter } from './segment-writer.js';
import type { SpoolFs } from './spool-fs.js';
import { createSpoolIndex } from './spool-index.js';
import type { SpoolReport } from './spool-report.js';

/** Where the spool lies and how large it may become. */
export interface DiskSpoolOptions {
  folder: string;
  /** Bytes that the segments may have on disk. */
  maxBytes: number;
  /** Whether a chunk that is as it was written can be used; else it is set aside, too. Every chunk can without it. */
  isReadable?: (chunk: Chunk) => boolean;
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
    if (error instanceof MillraceError || code === undefined) throw error;
    throw new MillraceError(
      'SPOOL_FOLDER',
      `cannot use the spool folder ${folder} (${message}): make it writable, or set MILLRACE_SPOOL_FOLDER to a folder that is`,
      { cause: error },
    );
  }
}

/** A report that also counts the damaged entries. */
function counting(report: SpoolReport): { report: SpoolReport; damaged(): number } {
  let damaged = 0;
  return {
    damaged: () => damaged,
    report: {
      ...report,
      damaged(found) {
        damaged += 1;
        report.damaged?.(found);
      },
    },
  };
}

/**
 * A spool in a folder: segments of 4 MiB (`00000001.spool`), each with a list of its delivered entries (`.done`). A
 * segment is removed once all of it is delivered. Bounded by `maxBytes`.
 * @throws MillraceError SPOOL_FOLDER, SPOOL_IN_USE or SPOOL_FILE, naming the folder or file that cannot be used
 */
export async function openDiskSpool(options: DiskSpoolOptions): Promise<Spool> {
  const { maxBytes, isReadable = () => true, fs = nodeFs, clock = systemClock } = options;
  const { report, damaged } = counting(options.report ?? {});
  const folder = resolve(options.folder);
  const lock = await prepareFolder(folder, fs);
  const index = createSpoolIndex();
  const failed = (error: Error) => report.failed?.(error);
  const files = createSegmentFiles({ folder, fs, failed });
  const keeper = createDamageKeeper({ folder, fs, clock, report, files, kept: removeWhenFinished });
  let setAsideEvents = 0;
  let closed = false;

  async function load(): Promise<number> {
    const found = await readSegments(folder, fs, report);
    for (const segment of found.segments) index.add(segment);
    setAsideEvents = found.setAsideEvents;
    return nextId(await fs.readdir(folder));
  }
  const firstId = await load().catch(async (error) => {
    await lock.release();
    throw error;
  });
  const writer = createSegmentWriter({
    folder,
    fs,
    clock,
    index,
    maxBytes,
    firstId,
    released: removeWhenFinished,
    failed,
  });
  const chunks = createChunkReader({ index, reader: createSegmentReader({ folder, fs }), isReadable, setAside });
  for (const segment of index.segments()) {
    if (segment.unkept.length > 0) keeper.keepLater(segment);
    removeWhenFinished(segment);
  }

  function removeWhenFinished(segment: Segment) {
    if (!segment.isFinished() || !index.has(segment)) return;
    writer.forget(segment);
    index.remove(segment);
    files.remove(segment.id);
  }

  /** Takes a damaged entry out of the delivery at once, whether or not it can be copied yet. */
  async function setAside(segment: Segment, entry: number): Promise<boolean> {
    if (!index.finish(segment, entry)) return false;
    setAsideEvents += segment.events(entry);
    const start = segment.offset(entry);
    segment.unkept.push({ start, end: start + segment.bytes(entry) });
    await keeper.keep(segment);
    return true;
  }

  function done(positions: readonly Position[]): number {
    let marked = 0;
    const bySegment = new Map<Segment, number[]>();
    for (const position of positions) {
      const segment = index.segmentAt(position);
      const entry = indexOf(position);
      if (segment === undefined || !index.finish(segment, entry)) continue;
      marked += 1;
      const offsets = bySegment.get(segment) ?? [];
      offsets.push(segment.offset(entry));
      bySegment.set(segment, offsets);
    }
    for (const [segment, offsets] of bySegment) {
      // A finished segment is removed, and needs no marks.
      if (!segment.isFinished()) files.markDelivered(segment.id, offsets);
      removeWhenFinished(segment);
    }
    return marked;
  }

  return {
    leftOpen: lock.leftOpen,
    settle: lock.settle,
    append(appended, settled) {
      if (closed) settled(new SpoolError('closed', 'the spool is closed'), []);
      else writer.append(appended, settled);
    },
    next: chunks.next,
    newest: chunks.newest,
    done,
    forEach: index.forEachOpen,
    stats: () => ({
      bytes: index.bytes(),
      chunks: index.openChunks(),
      events: index.openEvents(),
      damaged: damaged(),
      setAsideEvents,
      oldestMs: index.oldestMs(),
      failure: writer.failure(),
      full: writer.isFull(),
    }),
    async asideBytes() {
      let bytes = await damagedBytes(folder, fs);
      for (const { unkept } of index.segments()) for (const { start, end } of unkept) bytes += end - start;
      return bytes;
    },
    async close() {
      if (closed) return;
      closed = true;
      files.stop();
      keeper.stop();
      await writer.close();
      await files.close();
      await lock.release();
    },
  };
}
