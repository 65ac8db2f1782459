import { localAccountId as accountId } from '@millrace/kit/local-aws';
import { AwsError } from '../json-service/aws-error.js';
import type { ReadResult } from '../record-log/record-log.js';
import type { LoggedRecord } from '../record-log/records.js';
import { shardIdOf } from './resharding.js';
import { horizonOf } from './retention.js';
import { formatSequenceNumber, parseSequenceNumber } from './sequence-number.js';
import { decodeShardIterator, encodeShardIterator } from './shard-iterator.js';
import type { ShardLimits } from './shard-limits.js';
import { lifeOf } from './shard-map.js';
import type { KinesisStore, OpenStream } from './store.js';
import type { StoredShard, StoredStream } from './stored-stream.js';
import { count, type Input, oneOf, type Rules, requiredName, sequenceNumberRule, validated } from './validation.js';

/** What GetShardIterator and GetRecords work on. */
export interface GetContext {
  store: KinesisStore;
  limits: ShardLimits;
  now: () => number;
}

/** AWS's limit for one answer. */
const maxAnswerBytes = 10 * 1_048_576;
const maxAnswerRecords = 10_000;

const iteratorRules: Rules = {
  ShardId: requiredName,
  ShardIteratorType: oneOf('AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_TIMESTAMP', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'),
  StartingSequenceNumber: sequenceNumberRule,
  StreamName: requiredName,
  Timestamp: { type: 'Timestamp' },
};

/** GetShardIterator. @throws AwsError */
export async function getShardIterator({ store, now }: GetContext, input: Input): Promise<object> {
  const request = validated(iteratorRules, input) as Record<string, string> & { Timestamp?: number };
  const { StreamName: name, ShardId: shardName, ShardIteratorType: type, StartingSequenceNumber: number } = request;
  const shardIndex = indexOfShard(shardName!);
  const { stream, log } = await openedFor(store, name!, shardName!);
  const shard = stream.Shards[shardIndex];
  if (!shard) throw noShard(shardName!, name!);
  const at = (from: number, sinceMs = 0): object => ({
    ShardIterator: encodeShardIterator({ stream: name!, id: stream.id, shardIndex, from, sinceMs }, now()),
  });
  switch (type) {
    case 'TRIM_HORIZON':
    case 'LATEST':
      if (number !== undefined)
        throw new AwsError(
          'InvalidArgumentException',
          `An iterator of type ${type} takes no StartingSequenceNumber. AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER do.`,
        );
      return at(type === 'LATEST' ? log.next() : 0);
    case 'AT_TIMESTAMP':
      return at(0, sinceOf(request.Timestamp, now()));
    default: {
      const index = indexOfNumber(number, `iterator of type ${type}`, stream, shardIndex);
      return at(type === 'AT_SEQUENCE_NUMBER' ? index : index + 1);
    }
  }
}

/** @throws AwsError in the words for a shard */
async function openedFor(store: KinesisStore, streamName: string, shardName: string): Promise<OpenStream> {
  try {
    return store.opened(streamName);
  } catch (error) {
    throw error instanceof AwsError ? noShard(shardName, streamName) : error;
  }
}

/** @param timestamp in seconds since 1970, with a fraction @returns milliseconds since 1970 */
function sinceOf(timestamp: number | undefined, nowMs: number): number {
  if (timestamp === undefined)
    throw new AwsError('InvalidArgumentException', 'An iterator of type AT_TIMESTAMP needs a Timestamp.');
  const ms = Math.round(timestamp * 1000);
  if (ms > nowMs)
    throw new AwsError(
      'InvalidArgumentException',
      `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${ms}, currentTimestampInMillis: ${nowMs}`,
    );
  return Math.max(0, ms);
}

/** The record's number in the log. @throws AwsError when the sequence number is not one of the shard's */
function indexOfNumber(text: string | undefined, what: string, stream: StoredStream, shardIndex: number): number {
  if (text === undefined) throw new AwsError('InvalidArgumentException', `An ${what} needs a StartingSequenceNumber.`);
  const shard = stream.Shards[shardIndex]!;
  const number = parseSequenceNumber(text);
  if (number && number.shardIndex === shardIndex && number.shardCreatedSeconds === lifeOf(shard).createdSeconds)
    return number.index;
  const why = !number
    ? 'is invalid'
    : number.shardIndex !== shardIndex
      ? `is invalid because it belongs to ${shardIdOf(number.shardIndex)}`
      : 'is invalid because it did not come from this stream';
  throw new AwsError(
    'InvalidArgumentException',
    `StartingSequenceNumber ${text} used in GetShardIterator on shard ${shard.ShardId} in stream ${stream.StreamName} under account ${accountId} ${why}.`,
  );
}

/** What a read of a shard gives. */
export interface ShardRead {
  records: readonly LoggedRecord[];
  /** The sequence number of a record. */
  sequenceNumber(record: LoggedRecord): string;
  /** Absent when a closed shard was read to its end. */
  next?: string;
  /** Of a shard that was read to its end. */
  children?: object[];
  behindMs: number;
}

/**
 * Reads a shard from an iterator on.
 * @throws AwsError ExpiredIteratorException, ProvisionedThroughputExceededException and others
 */
export async function readShard(
  { store, limits, now }: GetContext,
  iterator: string,
  maxRecords: number,
): Promise<ShardRead> {
  const position = decodeShardIterator(iterator, now());
  const { stream: name, shardIndex } = position;
  const { stream, log } = store.opened(name);
  const shard = stream.Shards[shardIndex];
  if (!shard) throw noShard(shardIdOf(shardIndex), name);
  if (!limits.takeRead(name, shard.ShardId))
    throw new AwsError(
      'ProvisionedThroughputExceededException',
      `Rate exceeded for shard ${shard.ShardId} in stream ${name} under account ${accountId}.`,
    );
  const span = stream.spans[shardIndex]!;
  const from = position.id === stream.id ? Math.max(position.from, span.from) : span.from;
  const horizonMs = horizonOf(stream, now()) * 1000;
  let { sinceMs } = position;
  const read: ReadResult =
    span.to !== undefined && from >= span.to
      ? { records: [], next: from, isEnd: true, reachedMs: 0 }
      : await log.read({
          shard: shardIndex,
          from,
          maxRecords,
          maxBytes: maxAnswerBytes,
          wanted({ arrivalMs }) {
            if (arrivalMs < horizonMs || arrivalMs < sinceMs) return false;
            sinceMs = 0;
            return true;
          },
        });
  limits.chargeRead(
    name,
    shard.ShardId,
    read.records.reduce((sum, { key, data }) => sum + key.length + data.length, 0),
  );
  const isEnd = read.isEnd || (span.to !== undefined && read.next >= span.to);
  const { createdSeconds } = lifeOf(shard);
  return {
    records: read.records,
    sequenceNumber: ({ number, arrivalMs }) =>
      formatSequenceNumber({
        shardCreatedSeconds: createdSeconds,
        shardIndex,
        index: number,
        writtenSeconds: Math.floor(arrivalMs / 1000),
      }),
    ...(isEnd && span.to !== undefined && read.next >= span.to
      ? { children: childrenOf(stream, shard) }
      : { next: encodeShardIterator({ stream: name, id: stream.id, shardIndex, from: read.next, sinceMs }, now()) }),
    behindMs: isEnd ? 0 : Math.max(0, Math.floor(now() - (read.records.at(-1)?.arrivalMs ?? read.reachedMs))),
  };
}

const getRules: Rules = {
  Limit: count(maxAnswerRecords),
  ShardIterator: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 512 },
};

/** GetRecords; the answer as JSON text. @throws AwsError */
export async function getRecords(context: GetContext, input: Input): Promise<Buffer> {
  const { ShardIterator, Limit = maxAnswerRecords } = validated(getRules, input) as {
    ShardIterator: string;
    Limit?: number;
  };
  const { records, sequenceNumber, next, children, behindMs } = await readShard(context, ShardIterator, Limit);
  const heads = records.map(
    (record, i) =>
      `${i ? ',' : '{"Records":['}{"SequenceNumber":"${sequenceNumber(record)}","PartitionKey":${JSON.stringify(record.key)},` +
      `"ApproximateArrivalTimestamp":${record.arrivalMs / 1000},"Data":"`,
  );
  const begin = records.length === 0 ? '{"Records":[' : '';
  const tail = `${begin}],${JSON.stringify({
    ...(next === undefined ? { ChildShards: children } : { NextShardIterator: next }),
    MillisBehindLatest: behindMs,
  }).slice(1)}`;
  const bytes = records.reduce(
    (sum, { data }, i) => sum + Buffer.byteLength(heads[i]!) + 4 * Math.ceil(data.length / 3) + 2,
    Buffer.byteLength(tail),
  );
  const answer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const [i, { data }] of records.entries()) {
    at += answer.write(heads[i]!, at);
    at += answer.write(data.toString('base64'), at, 'latin1');
    at += answer.write('"}', at, 'latin1');
  }
  answer.write(tail, at);
  return answer;
}

function childrenOf(stream: StoredStream, parent: StoredShard): object[] {
  return stream.Shards.filter(
    ({ ParentShardId, AdjacentParentShardId }) =>
      ParentShardId === parent.ShardId || AdjacentParentShardId === parent.ShardId,
  ).map(({ ShardId, ParentShardId, AdjacentParentShardId, HashKeyRange }) => ({
    ShardId,
    ParentShards: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined),
    HashKeyRange,
  }));
}

/** -1 when the text is not a shard's name. */
const indexOfShard = (shardName: string) => Number(/^shardId-(\d{12})$/.exec(shardName)?.[1] ?? -1);

const noShard = (shardName: string, streamName: string) =>
  new AwsError(
    'ResourceNotFoundException',
    `Shard ${shardName} in stream ${streamName} under account ${accountId} does not exist`,
  );
