import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import { encodeRecords, type LoggedRecord } from '../../record-log/records.js';
import { firstLine, segmentName } from '../../record-log/segment.js';
import type { Log } from '../../service.js';
import { syncFolder } from '../../state-file.js';
import { parseSequenceNumber } from '../sequence-number.js';
import { isOpen } from '../shard-map.js';
import type { StoredStream } from '../stored-stream.js';
import { logsFolder, streamsFile, writeStreams } from '../streams-file.js';
import type { DamagedBytes } from './leveldb/log-file.js';
import { type LevelDb, merged, openLevelDb } from './leveldb/open-leveldb.js';
import { type OldStream, streamOf } from './old-stream.js';

/**
 * Version 0.1.0 kept streams in LevelDB, as kinesalite did: `!meta!NAME` is a stream, `!stream-NAME!SHARD/NUMBER` a
 * record. Its files are read once; ours are beside them in the same folder.
 */
const isOldFile = (name: string): boolean =>
  /^(CURRENT|LOCK|LOG(\.old)?|MANIFEST-\d+|\d+\.(ldb|sst|log|dbtmp))$/.test(name);

/** The folder that keeps the old files where a part of them could not be read. */
const asideName = 'damaged-0.1.0';
/** Of a segment. */
const segmentBytes = 8 * 1024 * 1024;

/**
 * Takes the state of 0.1.0 over, if there is any. The list of streams is written last: killed before, it begins again;
 * killed after, only the old files are left to be removed. They are kept where a part could not be read.
 * @throws MillraceError when it cannot be known what the old store holds; then nothing is changed
 */
export async function takeOver(folder: string, log: Log): Promise<void> {
  const names = (await readdir(folder)).filter(isOldFile);
  if (names.length === 0) return;
  const isTakenOver = await stat(streamsFile(folder)).then(
    () => true,
    () => false,
  );
  if (!isTakenOver) await copyAll(folder, names, log);
  const aside = join(folder, asideName);
  const isKept = (await readdir(folder)).includes(asideName);
  // The table of contents goes last, so that a rest is known as one.
  for (const name of names.sort((a, b) => Number(a === 'CURRENT') - Number(b === 'CURRENT'))) {
    if (isKept) await rename(join(folder, name), join(aside, name));
    else await rm(join(folder, name), { force: true });
  }
}

async function copyAll(folder: string, names: readonly string[], log: Log): Promise<void> {
  // A new store of 0.1.0 that was never opened.
  if (!names.some((name) => /^CURRENT$|^MANIFEST-|\.(ldb|sst|log)$/.test(name))) return;
  const told = new Set<string>();
  const tell = ({ path, start, end }: DamagedBytes) => {
    const where = `${path} of 0.1.0 is ${end === 0 ? 'missing' : `damaged from byte ${start} to ${end}`}`;
    if (!told.has(where))
      log(`Kinesis: ${where}: its records are lost. The old files are kept in ${join(folder, asideName)}`);
    told.add(where);
  };
  let db: LevelDb;
  try {
    db = await openLevelDb(folder, tell);
  } catch (error) {
    throw new MillraceError(
      'STATE_DAMAGED',
      `The Kinesis store in ${folder} is damaged (${(error as Error).message}). Move the folder away and start again: an empty store takes its place. ` +
        'That loses the streams and their undelivered records. Delivered objects lie elsewhere and stay.',
      { cause: error },
    );
  }
  log(`Kinesis: taking over the store of version 0.1.0 in ${folder}`);
  await rm(logsFolder(folder), { recursive: true, force: true });
  const streams: StoredStream[] = [];
  let records = 0;
  for await (const { value } of db.entries({ from: '!meta!', to: '!meta"' })) {
    const old = JSON.parse(value.toString()) as OldStream;
    const stream = streamOf(old);
    if (stream === undefined) continue;
    const target = join(logsFolder(folder), stream.id);
    const copied = await copyRecords(db, stream, target);
    records += copied.records;
    const next = Math.max(copied.next, ...old._seqIx.map((index) => index ?? 0));
    stream.spans = stream.Shards.map((shard) => ({ from: 1, ...(isOpen(shard) ? {} : { to: next }) }));
    await keepNumbersAbove(target, next);
    streams.push(stream);
  }
  if (told.size > 0) await mkdir(join(folder, asideName), { recursive: true });
  await writeStreams(folder, streams);
  log(`Kinesis: took over ${streams.length} streams and ${records} records of version 0.1.0`);
}

/** Writes a stream's records in the order of their numbers. */
async function copyRecords(
  db: LevelDb,
  { StreamName, Shards }: StoredStream,
  folder: string,
): Promise<{ records: number; next: number }> {
  const shards = Shards.map((_, shard) => recordsOf(db, StreamName, shard));
  let pending: LoggedRecord[] = [];
  let bytes = 0;
  let records = 0;
  let next = 1;
  await mkdir(folder, { recursive: true });
  for await (const record of merged(shards, (a, b) => a.number - b.number)) {
    // Records of one number stay in one segment: 0.1.0 numbered every five shards by themselves.
    if (bytes >= segmentBytes && record.number >= next) {
      await writeSegment(folder, pending);
      pending = [];
      bytes = 0;
    }
    pending.push(record);
    bytes += record.data.length;
    records += 1;
    next = record.number + 1;
  }
  if (pending.length > 0) await writeSegment(folder, pending);
  return { records, next };
}

async function* recordsOf(db: LevelDb, stream: string, shard: number): AsyncGenerator<LoggedRecord> {
  const keyOf = (index: number) => `!stream-${stream}!${index.toString(16).padStart(8, '0')}/`;
  for await (const { key, value } of db.entries({ from: keyOf(shard), to: keyOf(shard + 1) })) {
    const number = parseSequenceNumber(key.slice(key.indexOf('/') + 1))?.index;
    if (number === undefined) continue;
    const { PartitionKey, Data, ApproximateArrivalTimestamp } = JSON.parse(value.toString()) as {
      PartitionKey: string;
      Data: string;
      ApproximateArrivalTimestamp: number;
    };
    const arrivalMs = Math.round(ApproximateArrivalTimestamp * 1000);
    yield { shard, number, arrivalMs, key: PartitionKey, data: Buffer.from(Data, 'base64') };
  }
}

/** An empty segment, so that no number comes again even if all records are gone. */
const keepNumbersAbove = (folder: string, next: number) => writeFileSynced(folder, segmentName(next), [firstLine]);

function writeSegment(folder: string, records: readonly LoggedRecord[]): Promise<void> {
  const first = records[0]!.number;
  return writeFileSynced(folder, segmentName(first), [firstLine, encodeRecords(records, first)]);
}

async function writeFileSynced(folder: string, name: string, parts: readonly Buffer[]): Promise<void> {
  const file = await open(join(folder, name), 'w');
  try {
    await file.writeFile(Buffer.concat(parts));
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(folder);
}
