import type { LogDisk, LogFile } from './disk.js';
import { encodeRecords, type LoggedRecord, type NewRecord } from './records.js';
import { firstLine } from './segment.js';
import { emptySegment, type Segment, type Segments } from './segments.js';

/** What one sync covers at most, so that the first of a long queue does not wait for the last. */
const groupBytes = 4 * 1024 * 1024;

interface Append {
  records: LoggedRecord[];
  bytes: number;
  stored(): void;
  refused(error: unknown): void;
}

/** Appends to a log: what comes while one sync runs goes into the next one. */
export interface Writer {
  /** The number of the next record. */
  next(): number;
  /** Every record below this number is stored, or was refused. */
  settledTo(): number;
  /** Gives the records their numbers at once. `stored` rejects when they cannot be stored; then none of them is. */
  append(records: readonly NewRecord[]): { first: number; stored: Promise<void> };
  /** Begins a new segment. */
  roll(): Promise<void>;
  /** Resolves when all appends so far are settled. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Where to write, and the number of the first record. */
export interface WriterOptions {
  folder: string;
  disk: LogDisk;
  segments: Segments;
  /** A segment of this size takes no more records. */
  segmentBytes: number;
  next: number;
}

/** Writes to new segments only: bytes behind a torn end would be hard to tell from records. */
export function createWriter({ folder, disk, segments, segmentBytes, next: firstNumber }: WriterOptions): Writer {
  let next = firstNumber;
  let settledTo = firstNumber;
  let active: { segment: Segment; file: LogFile } | undefined;
  const waiting: Append[] = [];
  let writing: Promise<void> | undefined;
  let closed = false;
  let memory: Buffer = Buffer.alloc(0);

  async function seal(): Promise<void> {
    if (active === undefined) return;
    const { segment, file } = active;
    active = undefined;
    segments.seal(segment);
    await file.close().catch(() => undefined);
  }

  async function begin(first: number): Promise<void> {
    await seal();
    const last = segments.all().at(-1);
    const segment = last?.first === first ? last : emptySegment(folder, first);
    const file = await disk.open(segment.path);
    try {
      // One without records may be of 0.1.0.
      await file.truncate(0);
      await file.write(firstLine, 0);
      await file.sync();
      await disk.syncFolder(folder);
    } catch (error) {
      await file.close().catch(() => undefined);
      if (segment !== last) await disk.remove(segment.path).catch(() => undefined);
      throw error;
    }
    segment.records = [];
    segment.bytes = firstLine.length;
    active = { segment, file };
    if (segment === last) return;
    segments.add(segment);
    // Nothing could be written to it.
    if (last !== undefined && last.bytes === firstLine.length) await segments.remove(last).catch(() => undefined);
  }

  async function store(group: readonly Append[]): Promise<void> {
    const records = group.flatMap((append) => append.records);
    if (active === undefined || active.segment.bytes >= segmentBytes) await begin(records[0]!.number);
    const { segment, file } = active!;
    const bytes = encodeRecords(records, segment.first, memory);
    // The largest so far, but for a single large append.
    if (bytes.length > memory.length && bytes.length <= groupBytes) memory = bytes;
    try {
      await file.write(bytes, segment.bytes);
      await file.sync();
    } catch (error) {
      // What was refused must not be taken for records. And after a failed sync nobody knows what the disk has.
      await file.truncate(segment.bytes).catch(() => undefined);
      await file.sync().catch(() => undefined);
      await seal();
      throw error;
    }
    segment.bytes += bytes.length;
    for (const record of records) segment.records!.push(record);
  }

  function takeGroup(): Append[] {
    let bytes = 0;
    const end = waiting.findIndex((append, i) => {
      bytes += append.bytes;
      return i > 0 && bytes > groupBytes;
    });
    return waiting.splice(0, end < 0 ? waiting.length : end);
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = takeGroup();
      const end = group.at(-1)!.records.at(-1)!.number + 1;
      try {
        await store(group);
        settledTo = end;
        for (const { stored } of group) stored();
      } catch (error) {
        settledTo = end;
        for (const { refused } of group) refused(error);
      }
    }
    writing = undefined;
  }

  async function settled(): Promise<void> {
    while (writing !== undefined) await writing;
  }

  return {
    next: () => next,
    settledTo: () => settledTo,
    append(records) {
      if (closed) throw new Error('the log is closed');
      const first = next;
      if (records.length === 0) return { first, stored: Promise.resolve() };
      next += records.length;
      // Kept in memory for a while, so without whatever else the caller has in its records.
      const numbered = records.map(({ shard, arrivalMs, key, data }, i) => ({
        shard,
        number: first + i,
        arrivalMs,
        key,
        data,
      }));
      const bytes = records.reduce((sum, { data }) => sum + data.length, 0);
      const stored = new Promise<void>((resolve, reject) => {
        waiting.push({ records: numbered, bytes, stored: resolve, refused: reject });
      });
      writing ??= run();
      return { first, stored };
    },
    async roll() {
      while (writing !== undefined) await writing;
      const begun = begin(next);
      // Appends that come meanwhile wait for it.
      writing = begun.catch(() => undefined).then(run);
      await begun;
    },
    settled,
    async close() {
      closed = true;
      await settled();
      await seal();
    },
  };
}
