import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import { decodeDone, encodeDone } from './done-log.js';
import { keepDamaged } from './keep-damaged.js';
import { eventsIn, type Scan, scanSegment } from './scan.js';
import {
  createSegment,
  damagedName,
  doneName,
  type Segment,
  type Stretch,
  segmentHeader,
  segmentName,
} from './segment.js';
import type { SpoolFs } from './spool-fs.js';
import type { SpoolReport } from './spool-report.js';

function unknownFile(path: string, what: string): MillraceError {
  return new MillraceError(
    'SPOOL_FILE',
    `${path}: ${what}. Nothing was changed. To start without it, move the file out of the spool folder; ` +
      'the version that wrote it can still deliver it.',
  );
}

function scanOrRefuse(bytes: Buffer, path: string): Scan {
  const scan = scanSegment(bytes);
  if ('version' in scan)
    throw unknownFile(path, `spool segment of version ${scan.version}; this server reads version 1`);
  return scan;
}

const readIfThere = (path: string, fs: SpoolFs): Promise<Buffer | undefined> =>
  fs.readFile(path).catch(() => undefined);

/** What an earlier process left. */
export interface FoundSegments {
  /** By number. */
  segments: Segment[];
  /** Events in damage that was not set aside before, as far as their number can be read. */
  setAsideEvents: number;
}

/**
 * Reads the segments that an earlier process left in the folder. Cuts off a torn last write. Copies damage into a
 * `.damaged` file beside its segment and reports it, or notes it in `unkept` when that has to wait.
 * @throws MillraceError SPOOL_FILE for a segment of another version, or one that the disk does not give
 */
export async function readSegments(folder: string, fs: SpoolFs, report: SpoolReport): Promise<FoundSegments> {
  const names = await fs.readdir(folder);
  const ids = names.flatMap((name) => /^(\d{8})\.spool$/.exec(name)?.[1] ?? []).map(Number);
  const segments: Segment[] = [];
  let setAsideEvents = 0;
  for (const id of ids.sort((a, b) => a - b)) {
    const path = join(folder, segmentName(id));
    const bytes = await fs.readFile(path).catch((error: Error) => {
      throw unknownFile(path, `cannot be read (${error.message})`);
    });
    // The process ended during the segment's first write: nothing in it was acknowledged.
    if (bytes.length <= segmentHeader.length && segmentHeader.subarray(0, bytes.length).equals(bytes)) {
      await fs.rm(path, { force: true });
      continue;
    }
    const { frames, damaged, tornAt } = scanOrRefuse(bytes, path);
    const delivered = decodeDone((await readIfThere(join(folder, doneName(id)), fs)) ?? Buffer.alloc(0));
    const keptBefore = damaged.length === 0 ? undefined : await readIfThere(join(folder, damagedName(id)), fs);
    const unkept: Stretch[] = [];
    for (const stretch of damaged) {
      const damage = bytes.subarray(stretch.start, stretch.end);
      // Copied once, however often the server starts before the rest is delivered, even if somebody took the copy away.
      // But the entry behind it may have been damaged since.
      if (delivered.has(stretch.start) && (keptBefore?.includes(damage) ?? true)) continue;
      setAsideEvents += eventsIn(damage);
      // A full disk must not keep the server from starting: delivering the rest makes room.
      if (!(await keepDamaged({ folder, id, bytes: damage }, fs, report))) {
        unkept.push(stretch);
        continue;
      }
      await fs
        .appendFile(join(folder, doneName(id)), encodeDone([stretch.start]))
        .catch((error: Error) => report.failed?.(error));
      report.damaged?.({ file: path, bytes: damage.length, kept: damagedName(id) });
    }
    const size = tornAt ?? bytes.length;
    if (tornAt !== undefined) {
      await fs.truncate(path, tornAt);
      report.torn?.({ file: path, bytes: bytes.length - tornAt });
    }
    const { mtimeMs } = await fs.stat(path);
    const segment = createSegment(id);
    segment.size = size;
    segment.sealed = true;
    segment.unkept = unkept;
    for (const frame of frames) {
      const index = segment.add({ ...frame, at: mtimeMs });
      if (frame.isDone || delivered.has(frame.offset)) segment.setDone(index);
    }
    segments.push(segment);
  }
  for (const name of names) {
    const id = /^(\d{8})\.done$/.exec(name)?.[1];
    if (id !== undefined && !ids.includes(Number(id))) await fs.rm(join(folder, name), { force: true });
  }
  return { segments, setAsideEvents };
}

/** The number for the next segment: above all in use, also by `.damaged` files. */
export function nextId(names: readonly string[]): number {
  return Math.max(0, ...names.flatMap((name) => /^(\d{8})\./.exec(name)?.[1] ?? []).map(Number)) + 1;
}
