import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import type { Log } from '../service.js';
import type { LogDisk } from './disk.js';
import { type LoggedRecord, leastRecordBytes } from './records.js';
import { scanSegment } from './scan-segment.js';
import { damagedName, firstLine, firstOf, type SegmentScan, segmentName } from './segment.js';

/** A segment of a log. */
export interface Segment {
  /** No record of it has a smaller number. */
  readonly first: number;
  readonly path: string;
  /** That are on disk. */
  bytes: number;
  /** Its records, where they are in memory: of the newest ones. */
  records?: LoggedRecord[];
  /** The arrival of its newest record in milliseconds since 1970, once that is known. */
  newestMs?: number;
}

/** Where segments lie, and who learns of damage. */
export interface SegmentsOptions {
  folder: string;
  disk: LogDisk;
  log: Log;
}

/** The segments of a log, oldest first. */
export interface Segments {
  all(): readonly Segment[];
  /** The last one that begins at this number or before; else the oldest. */
  at(number: number): Segment | undefined;
  after(segment: Segment): Segment | undefined;
  /** Its records by number, from memory or from disk; none when it was removed. */
  recordsOf(segment: Segment): Promise<readonly LoggedRecord[]>;
  add(segment: Segment): void;
  /** It takes no more records: they stay in memory for a while. */
  seal(segment: Segment): void;
  remove(segment: Segment): Promise<void>;
}

/** How many segments that take no more records are kept in memory. */
const segmentsInMemory = 2;

function scanOrRefuse(bytes: Buffer, { first, path }: Segment): SegmentScan {
  const scan = scanSegment(bytes, first);
  if ('version' in scan)
    throw new MillraceError(
      'STATE_UNREADABLE',
      `${path} has version ${scan.version}, and this program reads version 1. The version that wrote it still reads it; to start without its records, move it away.`,
    );
  return scan;
}

/**
 * The segments in a folder, which is made where there is none. A write at the end of the newest one that was cut off,
 * and so never acknowledged, is removed.
 * @returns the segments, and a number above that of every record that was stored
 * @throws MillraceError naming the file when it is of another version
 */
export async function openSegments({ folder, disk, log }: SegmentsOptions): Promise<[Segments, next: number]> {
  await disk.makeFolder(folder);
  const segments: Segment[] = [];
  for (const { name, bytes } of await disk.list(folder)) {
    const first = firstOf(name);
    if (first !== undefined) segments.push({ first, path: join(folder, name), bytes });
  }
  segments.sort((a, b) => a.first - b.first);
  /** Sealed, latest used last. */
  const inMemory = new Map<Segment, Promise<LoggedRecord[]>>();

  function keep(segment: Segment, records: Promise<LoggedRecord[]>): void {
    inMemory.delete(segment);
    inMemory.set(segment, records);
    for (const oldest of inMemory.keys()) {
      if (inMemory.size <= segmentsInMemory) return;
      inMemory.delete(oldest);
    }
  }

  /** Copies damage beside the segment and says so, once. */
  async function setAside({ path }: Segment, bytes: Buffer, { damaged }: SegmentScan): Promise<void> {
    for (const { start, end, records } of damaged) {
      const copy = damagedName(path, start);
      // A power cut may leave holes in the last write.
      const unless = end === bytes.length ? ' (or never acknowledged, because it is the end of the file)' : '';
      const what = `${path} is damaged from byte ${start} to ${end}: ${records} ${records === 1 ? 'record' : 'records'} lost${unless}`;
      try {
        if (await disk.writeNew(copy, bytes.subarray(start, end)))
          log(`${what}, those before and after are read. A copy of the damage is in ${copy}`);
      } catch (error) {
        log(`${what}, those before and after are read. The damage cannot be copied (${(error as Error).message})`);
      }
    }
  }

  async function load(segment: Segment): Promise<LoggedRecord[]> {
    let bytes: Buffer;
    try {
      bytes = await disk.read(segment.path);
    } catch (error) {
      if (!segments.includes(segment)) return [];
      throw error;
    }
    const scan = scanOrRefuse(bytes, segment);
    if (scan.tornAt !== undefined)
      scan.damaged.push({ start: scan.tornAt, end: bytes.length, records: scan.tornAt === 0 ? 0 : 1 });
    await setAside(segment, bytes, scan);
    segment.newestMs = newestOf(scan.records);
    return scan.records;
  }

  async function recoverNewest(): Promise<number> {
    const newest = segments.at(-1);
    if (newest === undefined) return 0;
    const bytes = await disk.read(newest.path);
    const scan = scanOrRefuse(bytes, newest);
    if (scan.tornAt === 0) {
      // It was just being made.
      await disk.remove(newest.path);
      segments.pop();
      return newest.first;
    }
    if (scan.tornAt !== undefined) {
      await disk.cut(newest.path, scan.tornAt);
      newest.bytes = scan.tornAt;
      log(
        `${newest.path} ended in a write that was never acknowledged: its last ${bytes.length - scan.tornAt} bytes are cut off`,
      );
    }
    await setAside(newest, bytes, scan);
    const last = scan.records.at(-1)?.number ?? newest.first - 1;
    newest.newestMs = newestOf(scan.records);
    keep(newest, Promise.resolve(scan.records));
    // Whatever numbers damaged records had, no other gets them.
    return (
      last + 1 + scan.damaged.reduce((sum, { start, end }) => sum + Math.ceil((end - start) / leastRecordBytes), 0)
    );
  }

  const next = await recoverNewest();
  return [
    {
      all: () => segments,
      at: (number) => segments.findLast(({ first }) => first <= number) ?? segments[0],
      after: ({ first }) => segments.find((segment) => segment.first > first),
      async recordsOf(segment) {
        if (segment.records !== undefined) return segment.records;
        const records = inMemory.get(segment) ?? load(segment);
        keep(segment, records);
        records.catch(() => inMemory.delete(segment));
        return records;
      },
      add: (segment) => void segments.push(segment),
      seal(segment) {
        if (segment.records === undefined) return;
        segment.newestMs = newestOf(segment.records);
        keep(segment, Promise.resolve(segment.records));
        delete segment.records;
      },
      async remove(segment) {
        const at = segments.indexOf(segment);
        if (at >= 0) segments.splice(at, 1);
        inMemory.delete(segment);
        await disk.remove(segment.path);
      },
    },
    next,
  ];
}

const newestOf = (records: readonly LoggedRecord[]): number =>
  records.reduce((newest, { arrivalMs }) => Math.max(newest, arrivalMs), 0);

/** A segment without records. */
export const emptySegment = (folder: string, first: number): Segment => ({
  first,
  path: join(folder, segmentName(first)),
  bytes: firstLine.length,
  records: [],
});
