import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import type { Log } from '../../service.js';
import { syncFolder } from '../../state-file.js';
import { frame, readFrame, statedBytes } from './frames.js';

/**
 * The records that were put straight into a delivery stream: on disk before they are acknowledged, until S3 has them.
 * Each file holds some megabytes and is named by the number of its first record; it is removed when all its records are
 * delivered.
 */
export interface RecordLog {
  /**
   * Resolves when all of `records` are on disk and synced; what several callers bring meanwhile is synced once.
   * @throws Error when they cannot be; then none of them is kept
   */
  append(records: readonly Buffer[], arrivalMs: number): Promise<void>;
  /** Records from there on, as far as they are acknowledged: `maxRecords` at most, and no more than some megabytes. */
  read(from: Place, maxRecords: number): Promise<{ records: LoggedRecord[]; next: Place }>;
  /** Just after the record, or at the oldest one. */
  placeAfter(sequence: number | undefined): Promise<Place>;
  /** Everything up to this record is delivered. */
  trim(sequence: number): Promise<void>;
  /** Of all that is not trimmed yet. */
  bytes(): number;
  close(): Promise<void>;
}

/** Where a record begins. */
export interface Place {
  /** The first record of its file. */
  file: number;
  offset: number;
  sequence: number;
}

/** A record as the log gives it back; `arrivalMs` in milliseconds since 1970. */
export interface LoggedRecord {
  sequence: number;
  arrivalMs: number;
  data: Buffer;
}

interface Segment {
  first: number;
  path: string;
  records: number;
  /** That are synced. */
  bytes: number;
}

const magic = Buffer.from('millrace-direct-put 1\n');
const segmentBytes = 16 * 1024 * 1024;
const readBytes = 4 * 1024 * 1024;

const nameOf = (first: number) => `${String(first).padStart(16, '0')}.log`;

/**
 * @param delivered the last record that is known to be in S3, 0 for none: numbers go on after it even if every file is
 * gone
 * @throws Error naming the file and what to do when one that was complete is damaged
 */
export async function openRecordLog(folder: string, delivered: number, log: Log): Promise<RecordLog> {
  await mkdir(folder, { recursive: true });
  const segments: Segment[] = [];
  const names = (await readdir(folder)).filter((name) => /^\d{16}\.log$/.test(name)).sort();
  for (const [index, name] of names.entries()) {
    const segment = await recover(join(folder, name), Number.parseInt(name, 10), index === names.length - 1, log);
    if (segment) segments.push(segment);
  }

  let next = segments.reduce((after, { first, records }) => Math.max(after, first + records), delivered + 1);
  let handle: FileHandle | undefined;
  let waiting: { frames: Buffer[]; done: () => void; failed: (error: unknown) => void }[] = [];
  let writing: Promise<void> | undefined;
  let closed = false;

  /** A restart begins a new file: bytes behind a torn end would be hard to tell from records. */
  async function current(): Promise<Segment> {
    const last = segments.at(-1);
    if (handle && last && last.bytes < segmentBytes) return last;
    await handle?.close();
    handle = undefined;
    const path = join(folder, nameOf(next));
    const opened = await open(path, 'w');
    try {
      await opened.writeFile(magic);
      await opened.sync();
      await syncFolder(folder);
    } catch (error) {
      await opened.close();
      await rm(path, { force: true });
      throw error;
    }
    handle = opened;
    const segment = { first: next, path, records: 0, bytes: magic.length };
    // An earlier start left an empty file of that name.
    if (last?.first === next) segments.pop();
    segments.push(segment);
    return segment;
  }

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const segment = await current();
        const frames = batch.flatMap((one) => one.frames);
        const bytes = Buffer.concat(frames);
        try {
          await writeWhole(handle!, bytes, segment.bytes);
          await handle!.datasync();
        } catch (error) {
          // The next start must not take a part of the batch for records.
          await handle!.truncate(segment.bytes).catch(() => undefined);
          await handle!.close().catch(() => undefined);
          handle = undefined;
          throw error;
        }
        segment.bytes += bytes.length;
        segment.records += frames.length;
        next += frames.length;
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    writing = undefined;
  }

  return {
    append(records, arrivalMs) {
      if (closed) return Promise.reject(new Error('the log is closed'));
      return new Promise((done, failed) => {
        waiting.push({ frames: records.map((data) => frame(data, arrivalMs)), done, failed });
        writing ??= write();
      });
    },

    async read(from, maxRecords) {
      let place = from;
      let index = segments.findIndex(({ first }) => first === place.file);
      if (index === -1) {
        // Its file was trimmed, or empty: the next record is at the beginning of a later file.
        index = segments.findIndex(({ first, records }) => first + records > place.sequence);
        if (index === -1) return { records: [], next: place };
        place = await placeIn(segments[index]!, Math.max(place.sequence, segments[index]!.first));
      }
      let segment = segments[index]!;
      while (place.offset >= segment.bytes && segments[index + 1]) {
        segment = segments[++index]!;
        place = { file: segment.first, offset: magic.length, sequence: segment.first };
      }
      if (place.offset >= segment.bytes) return { records: [], next: place };
      const bytes = await readPart(segment, place.offset);
      const records: LoggedRecord[] = [];
      let at = 0;
      while (records.length < maxRecords) {
        const found = readFrame(bytes, at);
        if (!found) break;
        records.push({ sequence: place.sequence + records.length, arrivalMs: found.arrivalMs, data: found.data });
        at = found.end;
      }
      if (records.length === 0) throw damaged(segment.path, place.offset);
      return {
        records,
        next: { file: segment.first, offset: place.offset + at, sequence: place.sequence + records.length },
      };
    },

    async placeAfter(sequence) {
      const wanted = sequence === undefined ? 0 : sequence + 1;
      const segment = segments.find(({ first, records }) => first + records > wanted);
      return segment
        ? placeIn(segment, Math.max(wanted, segment.first))
        : { file: -1, offset: 0, sequence: Math.max(wanted, 0) };
    },

    async trim(sequence) {
      // The newest is still being written.
      while (segments.length > 1) {
        const { first, records, path } = segments[0]!;
        if (first + records - 1 > sequence) break;
        segments.shift();
        await rm(path, { force: true });
      }
    },

    bytes: () => segments.reduce((sum, { bytes }) => sum + bytes, 0),

    async close() {
      closed = true;
      await writing;
      await handle?.close();
      handle = undefined;
    },
  };
}

async function writeWhole(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** From `offset` on: some megabytes, and at least one whole record. */
async function readPart({ path, bytes: end }: Segment, offset: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    let length = Math.min(readBytes, end - offset);
    for (;;) {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      const needed = Math.min(statedBytes(bytes, 0), end - offset);
      if (needed <= length || bytesRead < length) return bytes.subarray(0, bytesRead);
      length = needed;
    }
  } finally {
    await handle.close();
  }
}

async function placeIn(segment: Segment, sequence: number): Promise<Place> {
  const bytes = await readFile(segment.path);
  let offset = magic.length;
  for (let at = segment.first; at < sequence; at++) {
    const found = readFrame(bytes, offset);
    if (!found) throw damaged(segment.path, offset);
    offset = found.end;
  }
  return { file: segment.first, offset, sequence };
}

const damaged = (path: string, offset: number) =>
  new MillraceError(
    'STATE_DAMAGED',
    `${path} is damaged at byte ${offset}. Put back a copy of it, or move it away: the undelivered records behind that byte are then lost.`,
  );

/**
 * Reads a file that an earlier process wrote. Only the newest can end in the middle of a write, which was never
 * acknowledged: that end is set aside. Anything else is damage.
 */
async function recover(path: string, first: number, newest: boolean, log: Log): Promise<Segment | undefined> {
  const bytes = await readFile(path);
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    if (newest && bytes.length < magic.length) {
      await rm(path);
      return undefined;
    }
    throw new MillraceError(
      'STATE_UNREADABLE',
      `${path} is not a log of this version of the embedded Data Firehose. Put back a copy of it, or move it away.`,
    );
  }
  let records = 0;
  let end = magic.length;
  for (;;) {
    const found = readFrame(bytes, end);
    if (!found) break;
    end = found.end;
    records++;
  }
  if (end < bytes.length) {
    if (!newest) throw damaged(path, end);
    const aside = `${path}.torn`;
    await writeFile(`${aside}.new`, bytes.subarray(end));
    await rename(`${aside}.new`, aside);
    const handle = await open(path, 'r+');
    try {
      await handle.truncate(end);
      await handle.sync();
    } finally {
      await handle.close();
    }
    log(
      `${path} ended in the middle of a write that was never acknowledged: its last ${bytes.length - end} bytes are in ${aside}`,
    );
  }
  return { first, path, records, bytes: end };
}
