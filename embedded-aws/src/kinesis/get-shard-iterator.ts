import { localAccountId as accountId } from '@millrace/kit/local-aws';
import { AwsError } from '../json-service/aws-error.js';
import { type GetContext, noShard } from './read-shard.js';
import { parseSequenceNumber } from './sequence-number.js';
import { shardIdOf } from './shard-changes.js';
import { encodeShardIterator } from './shard-iterator.js';
import { lifeOf } from './shard-map.js';
import type { KinesisStore, OpenStream } from './store.js';
import type { StoredStream } from './stored-stream.js';
import { type Input, oneOf, type Rules, requiredName, sequenceNumberRule, validated } from './validation.js';

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

/** -1 when the text is not a shard's name. */
const indexOfShard = (shardName: string) => Number(/^shardId-(\d{12})$/.exec(shardName)?.[1] ?? -1);
