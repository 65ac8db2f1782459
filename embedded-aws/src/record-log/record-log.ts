import type { Log } from '../service.js';
import { type LogDisk, machineDisk } from './disk.js';
import type { LoggedRecord, NewRecord } from './records.js';
import { openSegments, type Segment, type Segments } from './segments.js';
import { createWriter } from './writer.js';

/** What to read: the records of one shard from a number on. */
export interface ReadOptions {
  shard: number;
  /** The number of the first record that is wanted. */
  from: number;
  maxRecords: number;
  /** Of data and keys; one record comes, however large it is. */
  maxBytes: number;
  /** Asked for each record of the shard, in order; one that is not wanted is passed over. */
  wanted?(record: LoggedRecord): boolean;
}

/** What a read found. */
export interface ReadResult {
  records: LoggedRecord[];
  /** Where the next read goes on. */
  next: number;
  /** There is nothing more at the moment. */
  isEnd: boolean;
  /** When the newest record came that was looked at, of any shard, in milliseconds since 1970; 0 for none. */
  reachedMs: number;
}

/**
 * Records in a folder, on disk before they are acknowledged. They are numbered in the order in which they came, over
 * all shards: so one sync stores those of all shards.
 */
export interface RecordLog {
  /** The number of the next record. */
  next(): number;
  /**
   * Gives the records their numbers, from `first` on. `stored` resolves when all of them are synced; when it rejects,
   * none of them is kept.
   */
  append(records: readonly NewRecord[]): { first: number; stored: Promise<void> };
  /** Resolves when all appends so far are stored or refused. */
  settled(): Promise<void>;
  /** Reads what is stored. It looks at some segments at most: a read that finds nothing may still not be at the end. */
  read(options: ReadOptions): Promise<ReadResult>;
  /** Removes segments whose records are all below this number. */
  trim(number: number): Promise<void>;
  /** Removes segments whose records all came before this time (milliseconds since 1970). Returns whether it did. */
  expire(beforeMs: number): Promise<boolean>;
  /** On disk. */
  bytes(): number;
  /** Waits for the appends that run. */
  close(): Promise<void>;
}

/** The options of `openRecordLog`. */
export interface RecordLogOptions {
  folder: string;
  log: Log;
  /** The least number of the next record, whatever is left on disk. */
  next?: number;
  /** A segment of this size takes no more records; 8 MiB. */
  segmentBytes?: number;
  disk?: LogDisk;
}

/** How many segments a read takes from the disk. */
const segmentsPerRead = 8;

/** The place of the first record with this number or a larger one. */
function placeOf(records: readonly LoggedRecord[], number: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function read(
  segments: Segments,
  end: number,
  { shard, from, maxRecords, maxBytes, wanted = () => true }: ReadOptions,
): Promise<ReadResult> {
  const result: ReadResult = { records: [], next: Math.max(from, end), isEnd: true, reachedMs: 0 };
  let bytes = 0;
  let looked = 0;
  const until = (next: number): ReadResult => ({ ...result, next, isEnd: false });
  let segment = from < end ? segments.at(from) : undefined;
  while (segment !== undefined) {
    if (++looked > segmentsPerRead) return until(segment.first);
    const records = await segments.recordsOf(segment);
    for (let at = placeOf(records, from); at < records.length; at++) {
      const record = records[at]!;
      if (record.number >= end) return result;
      result.reachedMs = record.arrivalMs;
      if (record.shard !== shard || !wanted(record)) continue;
      bytes += record.data.length + record.key.length;
      const isFull = result.records.length === maxRecords || bytes > maxBytes;
      if (isFull && result.records.length > 0) return until(record.number);
      result.records.push(record);
    }
    segment = segments.after(segment);
  }
  return result;
}

/**
 * Opens the log in a folder, which is made where there is none. One process at a time.
 * @throws MillraceError naming the file and what to do when a newer version wrote it
 */
export async function openRecordLog({
  folder,
  log,
  next: leastNext = 1,
  segmentBytes = 8 * 1024 * 1024,
  disk = machineDisk,
}: RecordLogOptions): Promise<RecordLog> {
  const [segments, foundNext] = await openSegments({ folder, disk, log });
  const writer = createWriter({ folder, disk, segments, segmentBytes, next: Math.max(foundNext, leastNext) });
  let removing = Promise.resolve(false);

  /** The newest segment stays: its name keeps numbers from coming again. */
  async function removeOldest(isOver: (segment: Segment, next: Segment) => boolean | Promise<boolean>) {
    let hasRemoved = false;
    for (;;) {
      const [oldest, second] = segments.all();
      if (oldest === undefined || second === undefined || !(await isOver(oldest, second))) return hasRemoved;
      await segments.remove(oldest);
      hasRemoved = true;
    }
  }

  async function newestMs(segment: Segment): Promise<number> {
    if (segment.newestMs === undefined || segment.records !== undefined)
      segment.newestMs = (await segments.recordsOf(segment)).reduce((ms, one) => Math.max(ms, one.arrivalMs), 0);
    return segment.newestMs;
  }

  async function expire(beforeMs: number): Promise<boolean> {
    const hasRemoved = await removeOldest(async (segment) => (await newestMs(segment)) < beforeMs);
    const [only, second] = segments.all();
    if (only === undefined || second !== undefined) return hasRemoved;
    const ms = await newestMs(only);
    if (ms === 0 || ms >= beforeMs) return hasRemoved;
    await writer.roll();
    // Records that came meanwhile may be in it.
    return (await removeOldest(async (segment) => segment === only && (await newestMs(only)) < beforeMs)) || hasRemoved;
  }

  /** One after another. */
  function inTurn(work: () => Promise<boolean>): Promise<boolean> {
    removing = removing.catch(() => false).then(work);
    return removing;
  }

  return {
    next: writer.next,
    append: writer.append,
    settled: writer.settled,
    read: (options) => read(segments, writer.settledTo(), options),
    trim: async (number) => void (await inTurn(() => removeOldest((_, second) => second.first <= number))),
    expire: (beforeMs) => inTurn(() => expire(beforeMs)),
    bytes: () => segments.all().reduce((sum, { bytes }) => sum + bytes, 0),
    async close() {
      await removing.catch(() => false);
      await writer.close();
    },
  };
}
