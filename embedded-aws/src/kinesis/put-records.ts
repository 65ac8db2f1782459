import { localAccountId as accountId } from '@millrace/kit/local-aws';
import { AwsError } from '../json-service/aws-error.js';
import type { NewRecord } from '../record-log/records.js';
import { formatSequenceNumber, parseSequenceNumber } from './sequence-number.js';
import type { ShardLimits } from './shard-limits.js';
import { hashKeyOf, type OpenShard, shardFor } from './shard-map.js';
import type { KinesisStore } from './store.js';
import { hashKeyRule, type Input, type Rules, requiredName, sequenceNumberRule, validated } from './validation.js';

const recordRules: Rules = {
  PartitionKey: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 256 },
  ExplicitHashKey: hashKeyRule,
  Data: { type: 'Blob', notNull: true, lengthLessThanOrEqual: 1_048_576 },
};
const putRecordRules: Rules = {
  SequenceNumberForOrdering: sequenceNumberRule,
  ...recordRules,
  StreamName: requiredName,
};
const putRecordsRules: Rules = {
  Records: {
    type: 'List',
    notNull: true,
    lengthGreaterThanOrEqual: 1,
    lengthLessThanOrEqual: 500,
    memberStr: 'com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry@c965e310',
    children: { type: 'Structure', children: recordRules },
  },
  StreamName: requiredName,
};

interface PutEntry {
  PartitionKey: string;
  ExplicitHashKey?: string | null;
  /** Base64. */
  Data: string;
}

interface DecodedEntry {
  key: string;
  hashKey: string | undefined;
  data: Buffer;
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
/** The end of a text in base64 whose left-over bits are zero. */
const wholeEnd = /^(?:..[^=]{2}|..[AEIMQUYcgkosw048]=|.[AQgw]==)$/;
const hashKeyPattern = /^(0|[1-9]\d{0,38})$/;
const hashKeys = 1n << 128n;

/** PutRecord. @throws AwsError */
export async function putRecord(context: PutContext, input: Input): Promise<object> {
  const [entry] = decoded([input as unknown as PutEntry]) ?? [];
  if (entry === undefined) throw invalid(putRecordRules, input);
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
  const sent = input.Records as PutEntry[];
  if (!Array.isArray(sent) || sent.length < 1 || sent.length > 500) throw invalid(putRecordsRules, input);
  const entries = decoded(sent);
  if (entries === undefined) throw invalid(putRecordsRules, input);
  const streamName = nameOf(input, putRecordsRules);
  if (entries.reduce((bytes, entry) => bytes + sizeOf(entry), 0) > maxCallBytes)
    throw new AwsError('InvalidArgumentException', 'Records size exceeds 10 MB limit');
  const results = await put(context, streamName, entries);
  return { FailedRecordCount: results.filter((result) => 'ErrorCode' in result).length, Records: results };
}

/** The results in the entries' order. */
async function put(context: PutContext, streamName: string, entries: DecodedEntry[]): Promise<(Placed | Refused)[]> {
  const { store, limits, now, arrivalsFrom, onRefused } = context;
  const tooLarge = entries.findIndex((entry) => sizeOf(entry) > maxRecordBytes);
  if (tooLarge >= 0)
    throw new AwsError(
      'ValidationException',
      `Record ${tooLarge + 1} has ${sizeOf(entries[tooLarge]!)} bytes of data and partition key, and a record may have ${maxRecordBytes}.`,
    );
  const hashes = entries.map(({ key, hashKey }) => {
    const hash = hashKeyOf(key, hashKey);
    if (hash < hashKeys) return hash;
    throw new AwsError(
      'InvalidArgumentException',
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${hashKey}`,
    );
  });

  // No pause between the last look and the append: a shard must not be closed in between.
  for (let change = store.opened(streamName).changing; change; change = store.opened(streamName).changing) await change;
  const opened = store.opened(streamName);
  const records: (NewRecord & { place: number; owner: OpenShard })[] = [];
  const results: (Placed | Refused)[] = [];
  for (const [place, entry] of entries.entries()) {
    const owner = shardFor(hashes[place]!, opened.shards)!;
    if (!limits.takeWrite(streamName, owner.shardId, sizeOf(entry))) {
      results[place] = refused(streamName, owner.shardId);
      continue;
    }
    const arrivalMs = Math.max(now(), owner.createdSeconds * 1000, arrivalsFrom());
    records.push({ shard: owner.index, arrivalMs, key: entry.key, data: entry.data, place, owner });
  }
  const { first, stored } = opened.log.append(records);
  if (records.length < entries.length) onRefused(streamName, entries.length - records.length);
  for (const [i, { place, owner, arrivalMs }] of records.entries())
    results[place] = {
      ShardId: owner.shardId,
      SequenceNumber: formatSequenceNumber({
        shardCreatedSeconds: owner.createdSeconds,
        shardIndex: owner.index,
        index: first + i,
        writtenSeconds: Math.floor(arrivalMs / 1000),
      }),
    };
  await stored;
  return results;
}

const refused = (streamName: string, shardId: string): Refused => ({
  ErrorCode: 'ProvisionedThroughputExceededException',
  ErrorMessage: `Rate exceeded for shard ${shardId} in stream ${streamName} under account ${accountId}.`,
});

/** The refusal of an invalid record: in AWS's words where the rules find the mistake, in ours where they miss it. */
function invalid(rules: Rules, input: Input): AwsError {
  validated(rules, input);
  return new AwsError('ValidationException', "A record's PartitionKey, ExplicitHashKey or Data is not valid.");
}

function nameOf(input: Input, rules: Rules): string {
  const name = input.StreamName;
  if (typeof name === 'string' && /^[a-zA-Z0-9_.-]{1,128}$/.test(name)) return name;
  return validated(rules, input).StreamName as string;
}

const sizeOf = ({ key, data }: DecodedEntry) => data.length + Buffer.byteLength(key);

/** The bytes of a text in base64, when it has no mistake. */
const dataBytes = (text: string) => (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);

/**
 * Entries that are certainly valid, decoded in one pass over their data; undefined when one may not be. Then the slower
 * rules decide, and word the answer.
 */
function decoded(entries: readonly PutEntry[]): DecodedEntry[] | undefined {
  if (!entries.every(isPlausible)) return undefined;
  // One piece of memory for all: each piece costs more than what is decoded into it.
  const memory = Buffer.allocUnsafeSlow(entries.reduce((sum, { Data }) => sum + dataBytes(Data), 0));
  let at = 0;
  const found: DecodedEntry[] = [];
  for (const { PartitionKey: key, ExplicitHashKey, Data: text } of entries) {
    const data = memory.subarray(at, at + dataBytes(text));
    at += data.length;
    // Node's decoder leaves out what is not base64, and takes the URL alphabet too, which AWS does not.
    if (data.write(text, 'base64') !== data.length || text.includes('-') || text.includes('_')) return undefined;
    if (text !== '' && !wholeEnd.test(text.slice(-4))) return undefined;
    found.push({ key, hashKey: ExplicitHashKey ?? undefined, data });
  }
  return found;
}

function isPlausible(entry: PutEntry): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { PartitionKey: key, ExplicitHashKey: hashKey, Data: text } = entry;
  if (typeof key !== 'string' || key.length < 1 || key.length > 256) return false;
  if (hashKey !== undefined && hashKey !== null && !(typeof hashKey === 'string' && hashKeyPattern.test(hashKey)))
    return false;
  return typeof text === 'string' && text.length % 4 === 0 && dataBytes(text) >= 0 && dataBytes(text) <= maxRecordBytes;
}
