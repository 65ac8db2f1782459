import { createHash } from 'node:crypto';
import { parseSequenceNumber } from './sequence-number.js';
import type { StoredShard, StoredStream } from './stored-stream.js';

/** A shard that takes records: the part of the 128-bit hash space that is its own, both ends included. */
export interface OpenShard {
  shardId: string;
  /** Its place in the stream's list, which is also the number in its id. */
  index: number;
  createdSeconds: number;
  startingHashKey: bigint;
  endingHashKey: bigint;
}

/** Whether records can be put into the shard. */
export const isOpen = (shard: StoredShard) => shard.SequenceNumberRange.EndingSequenceNumber === undefined;

/** When a shard began and ended to take records, in seconds since 1970; an open one ends never. */
export function lifeOf(shard: StoredShard): { createdSeconds: number; closedSeconds: number } {
  const { StartingSequenceNumber, EndingSequenceNumber } = shard.SequenceNumberRange;
  return {
    createdSeconds: parseSequenceNumber(StartingSequenceNumber)?.shardCreatedSeconds ?? 0,
    closedSeconds:
      EndingSequenceNumber === undefined ? Infinity : (parseSequenceNumber(EndingSequenceNumber)?.writtenSeconds ?? 0),
  };
}

/** The open shards of a stream, by their hash keys. */
export function openShards(stream: StoredStream): OpenShard[] {
  return stream.Shards.flatMap((shard, index) =>
    isOpen(shard)
      ? {
          shardId: shard.ShardId,
          index,
          createdSeconds: lifeOf(shard).createdSeconds,
          startingHashKey: BigInt(shard.HashKeyRange.StartingHashKey),
          endingHashKey: BigInt(shard.HashKeyRange.EndingHashKey),
        }
      : [],
  );
}

/** The MD5 of the partition key, unless the producer named a hash key itself. */
export function hashKeyOf(partitionKey: string, explicitHashKey?: string | null): bigint {
  if (explicitHashKey !== undefined && explicitHashKey !== null) return BigInt(explicitHashKey);
  return BigInt(`0x${createHash('md5').update(partitionKey, 'utf8').digest('hex')}`);
}

/** Nothing only for a hash key of 2^128 or more: the open shards share the whole space. */
export function shardFor(hashKey: bigint, shards: readonly OpenShard[]): OpenShard | undefined {
  return shards.find((shard) => hashKey >= shard.startingHashKey && hashKey <= shard.endingHashKey);
}
