import { localAccountId as accountId } from '@millrace/kit/local-aws';
import { AwsError } from '../json-service/aws-error.js';
import type { ReadResult } from '../record-log/record-log.js';
import type { LoggedRecord } from '../record-log/records.js';
import { horizonOf } from './retention.js';
import { formatSequenceNumber } from './sequence-number.js';
import { shardIdOf } from './shard-changes.js';
import { decodeShardIterator, encodeShardIterator } from './shard-iterator.js';
import type { ShardLimits } from './shard-limits.js';
import { lifeOf } from './shard-map.js';
import type { KinesisStore } from './store.js';
import type { StoredShard, StoredStream } from './stored-stream.js';

/** What GetShardIterator and GetRecords work on. */
export interface GetContext {
  store: KinesisStore;
  limits: ShardLimits;
  now: () => number;
}

/** AWS's limit for one answer. */
const maxAnswerBytes = 10 * 1_048_576;

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
    // Never 0 where there may be more.
    behindMs: isEnd ? 0 : Math.max(1, Math.floor(now() - (read.records.at(-1)?.arrivalMs ?? read.reachedMs))),
  };
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

/** The refusal of a shard that the stream does not have. */
export const noShard = (shardName: string, streamName: string) =>
  new AwsError(
    'ResourceNotFoundException',
    `Shard ${shardName} in stream ${streamName} under account ${accountId} does not exist`,
  );
