import { formatSequenceNumber } from './sequence-number.js';
import { lifeOf } from './shard-map.js';
import type { StoredShard, StoredStream } from './stored-stream.js';

/** What closes a shard is above all numbers of its records. */
const closingIndex = 2 ** 63;

/** The id of a shard by its place in its stream. */
export const shardIdOf = (index: number): string => `shardId-${String(index).padStart(12, '0')}`;

/** Ends a shard. */
export function closeShard(stream: StoredStream, shard: StoredShard, nowMs: number): void {
  const { createdSeconds } = lifeOf(shard);
  shard.SequenceNumberRange.EndingSequenceNumber = formatSequenceNumber({
    shardCreatedSeconds: createdSeconds,
    shardIndex: stream.Shards.indexOf(shard),
    index: closingIndex,
    writtenSeconds: Math.max(createdSeconds, Math.floor(nowMs / 1000)),
  });
}

/** Which hash keys a new shard has, both ends included, and from which shards. */
export interface NewShard {
  start: bigint;
  end: bigint;
  parent?: StoredShard;
  adjacent?: StoredShard;
}

/** Adds a shard that begins at this second (since 1970). */
export function addShard(
  stream: StoredStream,
  { start, end, parent, adjacent }: NewShard,
  createdSeconds: number,
): void {
  const shardIndex = stream.Shards.length;
  stream.Shards.push({
    ShardId: shardIdOf(shardIndex),
    ...(parent ? { ParentShardId: parent.ShardId } : {}),
    ...(adjacent ? { AdjacentParentShardId: adjacent.ShardId } : {}),
    HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(end) },
    SequenceNumberRange: {
      StartingSequenceNumber: formatSequenceNumber({
        shardCreatedSeconds: createdSeconds,
        shardIndex,
        index: 0,
        writtenSeconds: createdSeconds,
      }),
    },
  });
}

/** A shard that comes of others begins in the second after, above all numbers that were given out before. */
export const nextSecond = (nowMs: number): number => Math.floor(nowMs / 1000) + 1;
