import { localAccountId as accountId } from '@millrace/kit/local-aws';
import putRecordRules from 'kinesalite/validations/putRecord.js';
import putRecordsRules from 'kinesalite/validations/putRecords.js';
import { AwsError } from '../json-service/aws-error.js';
import { formatSequenceNumber, parseSequenceNumber } from './sequence-number.js';
import type { ShardLimits } from './shard-limits.js';
import { hashKeyOf, openShards, shardFor } from './shard-map.js';
import { type KinesisStore, recordKey, type StoredStream, streamEntry } from './store.js';
import { type Input, type Rules, validated } from './validation.js';

/**
 * PutRecord and PutRecords into kinesalite's format. Not kinesalite's own actions, because theirs write the stream's
 * counter and the records in two steps, compute in a slow big-number library, and know no limits.
 */

interface PutEntry {
  PartitionKey: string;
  ExplicitHashKey?: string | null;
  /** Base64. */
  Data: string;
}

type Placed = { ShardId: string; SequenceNumber: string };
type Refused = { ErrorCode: 'ProvisionedThroughputExceededException'; ErrorMessage: string };

/** What PutRecord and PutRecords work on. */
export interface PutContext {
  store: KinesisStore;
  limits: ShardLimits;
  now: () => number;
  /** The earliest arrival that a record may get, in milliseconds since 1970. */
  arrivalsFrom: () => number;
  /** Called once for each call of which records were refused. */
  onRefused: (stream: string, records: number) => void;
}

/** AWS's limit for a record's data and partition key, for a stream whose MaxRecordSizeInKiB is as created. */
const maxRecordBytes = 1_048_576;
const maxCallBytes = 10 * 1_048_576;
const base64Outside = /[-_]/;
const hashKeyPattern = /^(0|[1-9]\d{0,38})$/;
const hashKeys = 1n << 128n;

/** PutRecord. @throws AwsError */
export async function putRecord(context: PutContext, input: Input): Promise<object> {
  const entry = input as unknown as PutEntry;
  if (!isFine(entry)) throw invalid(putRecordRules, input);
  const ordering = input.SequenceNumberForOrdering;
  if (ordering !== undefined) validated(putRecordRules, input);
  const streamName = nameOf(input, putRecordRules);
  if (typeof ordering === 'string') {
    // The numbers of a shard only rise here, so a valid one asks for nothing more.
    const parsed = parseSequenceNumber(ordering);
    if (!parsed || parsed.writtenSeconds * 1000 > context.now())
      throw new AwsError(
        'InvalidArgumentException',
        `ExclusiveMinimumSequenceNumber ${ordering} used in PutRecord on stream ${streamName} under account ${accountId} is invalid.`,
      );
  }
  const [result] = await put(context, streamName, [entry]);
  if ('ErrorCode' in result!) throw new AwsError(result.ErrorCode, result.ErrorMessage);
  return result!;
}

/** PutRecords: each record succeeds or fails by itself. @throws AwsError for the request as a whole */
export async function putRecords(context: PutContext, input: Input): Promise<object> {
  const entries = input.Records as PutEntry[];
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > 500 || !entries.every(isFine))
    throw invalid(putRecordsRules, input);
  const streamName = nameOf(input, putRecordsRules);
  if (entries.reduce((bytes, entry) => bytes + sizeOf(entry), 0) > maxCallBytes)
    throw new AwsError('InvalidArgumentException', 'Records size exceeds 10 MB limit');
  const results = await put(context, streamName, entries);
  return { FailedRecordCount: results.filter((result) => 'ErrorCode' in result).length, Records: results };
}

/** The results in the entries' order. */
async function put(context: PutContext, streamName: string, entries: PutEntry[]): Promise<(Placed | Refused)[]> {
  const { store, limits, now, arrivalsFrom, onRefused } = context;
  const tooLarge = entries.findIndex((entry) => sizeOf(entry) > maxRecordBytes);
  if (tooLarge >= 0)
    throw new AwsError(
      'ValidationException',
      `Record ${tooLarge + 1} has ${sizeOf(entries[tooLarge]!)} bytes of data and partition key, and a record may have ${maxRecordBytes}.`,
    );
  const hashes = entries.map((entry) => {
    const hash = hashKeyOf(entry.PartitionKey, entry.ExplicitHashKey);
    if (hash < hashKeys) return hash;
    throw new AwsError(
      'InvalidArgumentException',
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${entry.ExplicitHashKey}`,
    );
  });

  // Under the lock until the batch is written: a reader that sees one number of a shard then sees all lower ones too.
  return store.locked(streamName, async () => {
    const stream = await store.stream(streamName);
    if (stream.StreamStatus !== 'ACTIVE' && stream.StreamStatus !== 'UPDATING')
      throw new AwsError('ResourceNotFoundException', `Stream ${streamName} under account ${accountId} not found.`);
    const shards = openShards(stream);
    const writes: { type: 'put'; key: string; value: string }[] = [];
    const results = entries.map((entry, i): Placed | Refused => {
      const shard = shardFor(hashes[i]!, shards)!;
      if (!limits.takeWrite(streamName, shard.shardId, sizeOf(entry))) return refused(streamName, shard.shardId);
      const at = Math.max(now(), shard.createdSeconds * 1000, arrivalsFrom());
      const sequenceNumber = formatSequenceNumber({
        shardCreatedSeconds: shard.createdSeconds,
        shardIndex: shard.index,
        index: nextIndex(stream, shard.index),
        writtenSeconds: Math.floor(at / 1000),
      });
      writes.push({
        type: 'put',
        key: recordKey(streamName, shard.index, sequenceNumber),
        // The data is known to be base64, so it needs no escaping.
        value: `{"PartitionKey":${JSON.stringify(entry.PartitionKey)},"Data":"${entry.Data}","ApproximateArrivalTimestamp":${at / 1000}}`,
      });
      return { ShardId: shard.shardId, SequenceNumber: sequenceNumber };
    });
    if (writes.length > 0) await store.write([streamEntry(stream), ...writes]);
    if (writes.length < entries.length) onRefused(streamName, entries.length - writes.length);
    return results;
  });
}

/** Kept per five shards, as kinesalite keeps it. It begins at 1: the shard's own starting number has 0. */
function nextIndex(stream: StoredStream, shardIndex: number): number {
  const group = Math.floor(shardIndex / 5);
  const index = stream._seqIx[group] || 1;
  stream._seqIx[group] = index + 1;
  return index;
}

const refused = (streamName: string, shardId: string): Refused => ({
  ErrorCode: 'ProvisionedThroughputExceededException',
  ErrorMessage: `Rate exceeded for shard ${shardId} in stream ${streamName} under account ${accountId}.`,
});

/**
 * The refusal of an invalid record: in AWS's words where kinesalite's rules find the mistake, in ours where they miss
 * it.
 */
function invalid(rules: Rules, input: Input): AwsError {
  validated(rules, input);
  return new AwsError('ValidationException', "A record's PartitionKey, ExplicitHashKey or Data is not valid.");
}

function nameOf(input: Input, rules: Rules): string {
  const name = input.StreamName;
  if (typeof name === 'string' && /^[a-zA-Z0-9_.-]{1,128}$/.test(name)) return name;
  return validated(rules, input).StreamName as string;
}

const dataBytes = (base64: string) =>
  (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);

const sizeOf = (entry: PutEntry) => dataBytes(entry.Data) + Buffer.byteLength(entry.PartitionKey);

/**
 * Whether an entry is certainly valid, by one pass over its data. For the others kinesalite's slower rules decide, and
 * word the answer.
 */
function isFine(entry: PutEntry): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { PartitionKey: key, ExplicitHashKey: hashKey, Data: data } = entry;
  if (typeof key !== 'string' || key.length < 1 || key.length > 256) return false;
  if (hashKey !== undefined && hashKey !== null && !(typeof hashKey === 'string' && hashKeyPattern.test(hashKey)))
    return false;
  if (typeof data !== 'string' || data.length % 4 !== 0 || dataBytes(data) > maxRecordBytes) return false;
  // Node's decoder leaves out what is not base64, and takes the URL alphabet too, which AWS does not.
  const end = data.slice(-4);
  return (
    Buffer.from(data, 'base64').length === dataBytes(data) &&
    !base64Outside.test(data) &&
    Buffer.from(end, 'base64').toString('base64') === end
  );
}
