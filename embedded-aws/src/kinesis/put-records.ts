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
const hashKeyPattern = /^(0|[1-9]\d{0,38})$/;
const hashKeys = 1n << 128n;

/** PutRecord. @throws AwsError */
export async function putRecord(context: PutContext, input: Input): Promise<object> {
  const entry = decoded(input as unknown as PutEntry);
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
  const entries: DecodedEntry[] = [];
  for (const one of sent) {
    const entry = decoded(one);
    if (entry === undefined) throw invalid(putRecordsRules, input);
    entries.push(entry);
  }
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

/**
 * An entry that is certainly valid, decoded in one pass over its data. Of the others the slower rules decide, and word
 * the answer.
 */
function decoded(entry: PutEntry): DecodedEntry | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { PartitionKey: key, ExplicitHashKey: hashKey, Data: text } = entry;
  if (typeof key !== 'string' || key.length < 1 || key.length > 256) return undefined;
  if (hashKey !== undefined && hashKey !== null && !(typeof hashKey === 'string' && hashKeyPattern.test(hashKey)))
    return undefined;
  if (typeof text !== 'string' || text.length % 4 !== 0) return undefined;
  const data = Buffer.from(text, 'base64');
  // Node's decoder leaves out what is not base64, and takes the URL alphabet too, which AWS does not.
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (data.length !== (text.length / 4) * 3 - padding || data.length > maxRecordBytes) return undefined;
  if (text.includes('-') || text.includes('_')) return undefined;
  const end = text.slice(-4);
  if (data.toString('base64', data.length - ((data.length - 1) % 3) - 1) !== end && text !== '') return undefined;
  return { key, hashKey: hashKey ?? undefined, data };
}
