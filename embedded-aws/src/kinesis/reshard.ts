import { localAccountId as accountId } from '@millrace/kit/local-aws';
import { AwsError } from '../json-service/aws-error.js';
import type { Rules } from './check-types.js';
import { addShard, closeShard, nextSecond } from './shard-changes.js';
import { isOpen } from './shard-map.js';
import type { KinesisStore } from './store.js';
import type { StoredShard, StoredStream } from './stored-stream.js';
import { checkQuota } from './streams.js';
import { scaleUniformly } from './uniform-scaling.js';
import { count, hashKeyRule, type Input, oneOf, requiredName, validated } from './validation.js';

/** @throws AwsError when the stream has no such shard, or it is closed: then two shards would own the same keys */
function openShard(stream: StoredStream, shardId: string): StoredShard {
  const name = stream.StreamName;
  const shard = stream.Shards.find(({ ShardId }) => ShardId === shardId);
  if (shard === undefined)
    throw new AwsError(
      'ResourceNotFoundException',
      `Could not find shard ${shardId} in stream ${name} under account ${accountId}.`,
    );
  if (!isOpen(shard))
    throw new AwsError('InvalidArgumentException', `${shard.ShardId} of stream ${name} is closed already.`);
  return shard;
}

const rangeOf = ({ HashKeyRange: { StartingHashKey, EndingHashKey } }: StoredShard) => ({
  start: BigInt(StartingHashKey),
  end: BigInt(EndingHashKey),
});

/** SplitShard. @throws AwsError */
export async function splitShard(store: KinesisStore, input: Input, nowMs: number): Promise<object> {
  const rules: Rules = {
    NewStartingHashKey: { ...hashKeyRule, notNull: true },
    StreamName: requiredName,
    ShardToSplit: requiredName,
  };
  const request = validated(rules, input) as Record<'NewStartingHashKey' | 'StreamName' | 'ShardToSplit', string>;
  await checkQuota(store, 1);
  await store.update(request.StreamName, (stream) => {
    const parent = openShard(stream, request.ShardToSplit);
    const { start, end } = rangeOf(parent);
    const middle = BigInt(request.NewStartingHashKey);
    if (middle <= start + 1n || middle >= end)
      throw new AwsError(
        'InvalidArgumentException',
        `NewStartingHashKey ${middle} used in SplitShard() on shard ${parent.ShardId} in stream ${stream.StreamName} under account ${accountId} ` +
          `is not both greater than one plus the shard's StartingHashKey ${start} and less than the shard's EndingHashKey ${end}.`,
      );
    closeShard(stream, parent, nowMs);
    addShard(stream, { start, end: middle - 1n, parent }, nextSecond(nowMs));
    addShard(stream, { start: middle, end, parent }, nextSecond(nowMs));
  });
  return {};
}

/** MergeShards. @throws AwsError */
export async function mergeShards(store: KinesisStore, input: Input, nowMs: number): Promise<object> {
  const rules: Rules = { ShardToMerge: requiredName, AdjacentShardToMerge: requiredName, StreamName: requiredName };
  const request = validated(rules, input) as Record<'ShardToMerge' | 'AdjacentShardToMerge' | 'StreamName', string>;
  await store.update(request.StreamName, (stream) => {
    const parent = openShard(stream, request.ShardToMerge);
    const adjacent = openShard(stream, request.AdjacentShardToMerge);
    const { start, end: middle } = rangeOf(parent);
    const { start: next, end } = rangeOf(adjacent);
    if (middle + 1n !== next)
      throw new AwsError(
        'InvalidArgumentException',
        `Shards ${parent.ShardId} and ${adjacent.ShardId} in stream ${stream.StreamName} under account ${accountId} ` +
          'are not an adjacent pair of shards eligible for merging',
      );
    closeShard(stream, parent, nowMs);
    closeShard(stream, adjacent, nowMs);
    addShard(stream, { start, end, parent, adjacent }, nextSecond(nowMs));
  });
  return {};
}

/** UpdateShardCount. The ten changes a day that AWS allows are not counted. @throws AwsError */
export async function updateShardCount(store: KinesisStore, input: Input, nowMs: number): Promise<object> {
  const rules: Rules = {
    StreamName: requiredName,
    TargetShardCount: { ...count(10_000), notNull: true },
    ScalingType: oneOf('UNIFORM_SCALING'),
  };
  const { StreamName: name, TargetShardCount: target } = validated(rules, input) as {
    StreamName: string;
    TargetShardCount: number;
  };
  let answer: object = {};
  await store.update(name, (stream) => {
    const current = stream.Shards.filter(isOpen).length;
    if (stream.StreamModeDetails.StreamMode === 'ON_DEMAND')
      throw new AwsError(
        'ValidationException',
        `Stream ${name} is in ON_DEMAND mode; UpdateStreamMode makes it PROVISIONED.`,
      );
    const bound = target > 2 * current ? 'up over double' : 2 * target < current ? 'down below half' : undefined;
    if (bound)
      throw new AwsError(
        'InvalidArgumentException',
        `UpdateShardCount cannot scale ${bound} your current open shard count. Current open shard count: ${current} Target shard count: ${target}`,
      );
    scaleUniformly(stream, target, nowMs);
    answer = {
      StreamName: name,
      StreamARN: stream.StreamARN,
      CurrentShardCount: current,
      TargetShardCount: target,
    };
  });
  return answer;
}
