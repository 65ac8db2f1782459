import { localAccountId as accountId } from '@millrace/kit/local-aws';
import getRecordsRules from 'kinesalite/validations/getRecords.js';
import getShardIteratorRules from 'kinesalite/validations/getShardIterator.js';
import { AwsError } from '../json-service/aws-error.js';
import { horizonOf, latestNumber, numberAtSecond } from './positions.js';
import { parseSequenceNumber } from './sequence-number.js';
import { decodeShardIterator, encodeShardIterator, type ShardPosition } from './shard-iterator.js';
import type { ShardLimits } from './shard-limits.js';
import { isOpen, lifeOf } from './shard-map.js';
import {
  entries,
  type KinesisStore,
  recordKey,
  type StoredShard,
  type StoredStream,
  sequenceNumberOf,
} from './store.js';
import { type Input, validated } from './validation.js';

/**
 * GetShardIterator and GetRecords over kinesalite's format. Not kinesalite's own actions, because theirs bound an
 * answer by its number of records and not by its bytes, never answer AT_TIMESTAMP where nothing came since, and may
 * move a waiting reader past a record that is being written as the second changes.
 */

/** What GetShardIterator and GetRecords work on. */
export interface GetContext {
  store: KinesisStore;
  limits: ShardLimits;
  now: () => number;
}

/** AWS's limit for one answer. */
const maxAnswerBytes = 10 * 1_048_576;
const maxAnswerRecords = 10_000;

/** GetShardIterator. @throws AwsError */
export async function getShardIterator({ store, now }: GetContext, input: Input): Promise<object> {
  const {
    StreamName: streamName,
    ShardId: shardName,
    ShardIteratorType: type,
    StartingSequenceNumber: sequenceNumber,
    Timestamp: timestamp,
  } = validated(getShardIteratorRules, input) as Record<string, string> & { Timestamp?: number };
  const shardIndex = indexOfShard(shardName!);
  const stream = await store.stream(streamName!).catch((error) => {
    throw error instanceof AwsError ? noShard(shardName!, streamName!) : error;
  });
  const shard = stream.Shards[shardIndex];
  if (!shard) throw noShard(shardName!, streamName!);
  const at = (from: string, inclusive: boolean): object => ({
    ShardIterator: encodeShardIterator({ stream: streamName!, shardIndex, from, inclusive }, now()),
  });
  switch (type) {
    case 'TRIM_HORIZON':
    case 'LATEST':
      if (sequenceNumber !== undefined)
        throw new AwsError(
          'InvalidArgumentException',
          `An iterator of type ${type} takes no StartingSequenceNumber. AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER do.`,
        );
      return at(type === 'LATEST' ? latestNumber(stream, shardIndex) : '', true);
    case 'AT_TIMESTAMP': {
      if (timestamp === undefined)
        throw new AwsError('InvalidArgumentException', 'An iterator of type AT_TIMESTAMP needs a Timestamp.');
      if (Math.round(timestamp * 1000) > now())
        throw new AwsError(
          'InvalidArgumentException',
          `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${Math.round(timestamp * 1000)}, currentTimestampInMillis: ${now()}`,
        );
      return at(await numberAtTime(store, stream, shardIndex, timestamp), true);
    }
    default: {
      if (sequenceNumber === undefined)
        throw new AwsError('InvalidArgumentException', `An iterator of type ${type} needs a StartingSequenceNumber.`);
      const number = parseSequenceNumber(sequenceNumber);
      const owner = number && `shardId-${String(number.shardIndex).padStart(12, '0')}`;
      const why = !number
        ? 'is invalid'
        : number.shardIndex !== shardIndex
          ? `is invalid because it belongs to ${owner}`
          : number.shardCreatedSeconds !== lifeOf(shard).createdSeconds
            ? 'is invalid because it did not come from this stream'
            : undefined;
      if (why)
        throw new AwsError(
          'InvalidArgumentException',
          `StartingSequenceNumber ${sequenceNumber} used in GetShardIterator on shard ${shard.ShardId} in stream ${streamName} under account ${accountId} ${why}.`,
        );
      return at(sequenceNumber, type === 'AT_SEQUENCE_NUMBER');
    }
  }
}

/** The answer as JSON text: the records lie in the store as JSON, and go out without being parsed. */
export async function getRecords({ store, limits, now }: GetContext, input: Input): Promise<Buffer> {
  const { ShardIterator: iterator, Limit: limit = maxAnswerRecords } = validated(getRecordsRules, input) as {
    ShardIterator: string;
    Limit?: number;
  };
  const position = decodeShardIterator(iterator, now());
  const { stream: streamName, shardIndex } = position;
  // Read before the records: of a shard that is closed by now, all records are written.
  const stream = await store.stream(streamName);
  const shard = stream.Shards[shardIndex];
  if (!shard) throw noShard(`shardId-${String(shardIndex).padStart(12, '0')}`, streamName);
  if (!limits.takeRead(streamName, shard.ShardId))
    throw new AwsError(
      'ProvisionedThroughputExceededException',
      `Rate exceeded for shard ${shard.ShardId} in stream ${streamName} under account ${accountId}.`,
    );

  const read = await readRecords(store, stream, position, limit, now());
  limits.chargeRead(streamName, shard.ShardId, read.bytes);
  const next = encodeShardIterator({ stream: streamName, shardIndex, ...read.next }, now());
  const ended = read.atEnd && !isOpen(shard);
  const behindMs = read.atEnd ? 0 : Math.max(0, Math.floor(now() - read.lastArrivalMs));
  const tail = {
    ...(ended ? { ChildShards: childrenOf(stream, shard) } : { NextShardIterator: next }),
    MillisBehindLatest: behindMs,
  };
  return Buffer.concat([
    Buffer.from('{"Records":['),
    ...read.chunks,
    Buffer.from(`],${JSON.stringify(tail).slice(1)}`),
  ]);
}

interface Read {
  /** The records as JSON, with the commas between them. */
  chunks: Buffer[];
  /** Of data, before base64. */
  bytes: number;
  /** Whether there was nothing more. */
  atEnd: boolean;
  lastArrivalMs: number;
  next: Pick<ShardPosition, 'from' | 'inclusive'>;
}

async function readRecords(
  store: KinesisStore,
  stream: StoredStream,
  position: ShardPosition,
  limit: number,
  now: number,
): Promise<Read> {
  const { shardIndex } = position;
  const horizonSeconds = horizonOf(stream, now);
  const read: Read = { chunks: [], bytes: 0, atEnd: true, lastArrivalMs: 0, next: position };
  const range = {
    [position.inclusive ? 'gte' : 'gt']: recordKey(stream.StreamName, shardIndex, position.from),
    lt: recordKey(stream.StreamName, shardIndex + 1),
    limit: limit + 1,
  };
  let records = 0;
  let last: Buffer | undefined;
  for await (const [key, value] of entries(store.db, range)) {
    const sequenceNumber = sequenceNumberOf(key);
    if (records === 0 && (parseSequenceNumber(sequenceNumber)?.writtenSeconds ?? 0) < horizonSeconds) {
      // Expired, and not trimmed yet.
      const from = await numberAtSecond(store, stream, shardIndex, horizonSeconds);
      return readRecords(store, stream, { ...position, from, inclusive: true }, limit, now);
    }
    const bytes = (value.length * 3) / 4;
    if (records === limit || (records > 0 && read.bytes + bytes > maxAnswerBytes)) {
      read.atEnd = false;
      break;
    }
    // The stored text without its opening brace, behind the number.
    read.chunks.push(Buffer.from(`${records ? ',' : ''}{"SequenceNumber":"${sequenceNumber}",`), value.subarray(1));
    read.bytes += bytes;
    read.next = { from: sequenceNumber, inclusive: false };
    records += 1;
    last = value;
  }
  if (last) read.lastArrivalMs = arrivalMsOf(last);
  return read;
}

const arrivalMsOf = (value: Buffer) =>
  Math.round(
    (JSON.parse(value.toString()) as { ApproximateArrivalTimestamp: number }).ApproximateArrivalTimestamp * 1000,
  );

/** The number of the first record that arrived at this time (seconds since 1970, with a fraction) or later. */
async function numberAtTime(store: KinesisStore, stream: StoredStream, shardIndex: number, timestamp: number) {
  const from = await numberAtSecond(store, stream, shardIndex, Math.floor(timestamp));
  const range = {
    gte: recordKey(stream.StreamName, shardIndex, from),
    lt: recordKey(stream.StreamName, shardIndex + 1),
  };
  for await (const [key, value] of entries(store.db, range))
    if (arrivalMsOf(value) >= Math.round(timestamp * 1000)) return sequenceNumberOf(key);
  return latestNumber(stream, shardIndex);
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
