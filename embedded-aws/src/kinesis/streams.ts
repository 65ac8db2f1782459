import addTagsToStream from 'kinesalite/actions/addTagsToStream.js';
import createStreamAction from 'kinesalite/actions/createStream.js';
import decreaseRetention from 'kinesalite/actions/decreaseStreamRetentionPeriod.js';
import increaseRetention from 'kinesalite/actions/increaseStreamRetentionPeriod.js';
import mergeShardsAction from 'kinesalite/actions/mergeShards.js';
import splitShardAction from 'kinesalite/actions/splitShard.js';
import addTagsRules from 'kinesalite/validations/addTagsToStream.js';
import mergeShardsRules from 'kinesalite/validations/mergeShards.js';
import splitShardRules from 'kinesalite/validations/splitShard.js';
import { AwsError } from '../json-service/aws-error.js';
import { modeOf } from './describe.js';
import { isOpen } from './shard-map.js';
import type { KinesisStore, StreamMode } from './store.js';
import { scaleUniformly } from './uniform-scaling.js';
import { count, type Input, oneOf, optional, retentionHours, streamName, validated } from './validation.js';

/**
 * Making, changing and deleting streams. On AWS these go on behind the answer; here they are done when the answer
 * comes, so the first look of a client that waits for ACTIVE finds it.
 */

const modeRule = { type: 'Structure', children: { StreamMode: oneOf('PROVISIONED', 'ON_DEMAND') } };

/** An on-demand stream is one with a fixed number of shards here: it does not grow with its traffic. */
export async function createStream(store: KinesisStore, input: Input, onDemandShards: number): Promise<object> {
  const rules = {
    types: {
      StreamName: streamName,
      ShardCount: { type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: 100_000 },
      StreamModeDetails: modeRule,
      Tags: { ...optional(addTagsRules.types.Tags!), lengthLessThanOrEqual: 50 },
      MaxRecordSizeInKiB: { type: 'Integer', greaterThanOrEqual: 1024, lessThanOrEqual: 10_240 },
    },
  };
  const request = validated(rules, input) as {
    StreamName: string;
    ShardCount?: number;
    StreamModeDetails?: { StreamMode: StreamMode };
    Tags?: Record<string, string>;
    MaxRecordSizeInKiB?: number;
  };
  const { StreamName: name, ShardCount: shardCount, StreamModeDetails: mode, Tags: tags } = request;
  const onDemand = mode?.StreamMode === 'ON_DEMAND';
  if (onDemand && shardCount !== undefined)
    throw new AwsError(
      'InvalidArgumentException',
      'A stream in ON_DEMAND mode takes no ShardCount; leave it out, or ask for PROVISIONED.',
    );
  if (!onDemand && shardCount === undefined)
    throw new AwsError('InvalidArgumentException', 'A stream in PROVISIONED mode needs a ShardCount.');
  if ((request.MaxRecordSizeInKiB ?? 1024) > 1024)
    throw new AwsError('InvalidArgumentException', 'The embedded Kinesis takes no MaxRecordSizeInKiB above 1024.');

  await store.act(createStreamAction, { StreamName: name, ShardCount: shardCount ?? onDemandShards });
  await store.settled(name);
  await store.update(name, (stream) => {
    stream.StreamModeDetails = mode ?? { StreamMode: 'PROVISIONED' };
  });
  if (tags) await store.act(addTagsToStream, { StreamName: name, Tags: tags });
  return {};
}

/** DeleteStream; gives the name. @throws AwsError */
export async function deleteStream(store: KinesisStore, input: Input): Promise<string> {
  const { StreamName } = validated({ types: { StreamName: streamName } }, input) as { StreamName: string };
  await store.delete(StreamName);
  return StreamName;
}

/** SplitShard. @throws AwsError */
export async function splitShard(store: KinesisStore, input: Input): Promise<object> {
  return reshard(store, input, splitShardRules, splitShardAction);
}

/** MergeShards. @throws AwsError */
export async function mergeShards(store: KinesisStore, input: Input): Promise<object> {
  return reshard(store, input, mergeShardsRules, mergeShardsAction);
}

async function reshard(
  store: KinesisStore,
  input: Input,
  rules: typeof splitShardRules,
  action: typeof splitShardAction,
): Promise<object> {
  const request = validated(rules, input);
  const name = request.StreamName as string;
  const stream = await store.stream(name);
  // kinesalite would split or merge a closed shard once more, and then two shards would own the same keys.
  for (const member of ['ShardToSplit', 'ShardToMerge', 'AdjacentShardToMerge']) {
    const shard = stream.Shards.find(({ ShardId }) => ShardId === request[member]);
    if (shard && !isOpen(shard))
      throw new AwsError('InvalidArgumentException', `${shard.ShardId} of stream ${name} is closed already.`);
  }
  await store.act(action, request);
  await store.settled(name);
  return {};
}

/**
 * All at once: a process that is killed has changed every shard or none. The ten changes a day that AWS allows are not
 * counted.
 */
export async function updateShardCount(store: KinesisStore, input: Input, nowMs: number): Promise<object> {
  const rules = {
    types: {
      StreamName: streamName,
      TargetShardCount: { ...count(10_000), notNull: true },
      ScalingType: oneOf('UNIFORM_SCALING'),
    },
  };
  const { StreamName: name, TargetShardCount: target } = validated(rules, input) as {
    StreamName: string;
    TargetShardCount: number;
  };
  let answer: object = {};
  await store.update(name, (stream) => {
    const current = stream.Shards.filter(isOpen).length;
    if (modeOf(stream).StreamMode === 'ON_DEMAND')
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

/** UpdateStreamMode. @throws AwsError */
export async function updateStreamMode(store: KinesisStore, input: Input): Promise<object> {
  const rules = { types: { StreamName: streamName, StreamModeDetails: { ...modeRule, notNull: true } } };
  const request = validated(rules, input) as {
    StreamName: string;
    StreamModeDetails: { StreamMode: StreamMode };
  };
  await store.update(request.StreamName, (stream) => {
    stream.StreamModeDetails = request.StreamModeDetails;
  });
  return {};
}

/** IncreaseStreamRetentionPeriod (`up`) and DecreaseStreamRetentionPeriod (`down`). @throws AwsError */
export async function changeRetention(store: KinesisStore, input: Input, direction: 'up' | 'down'): Promise<object> {
  const request = validated({ types: { StreamName: streamName, RetentionPeriodHours: retentionHours } }, input);
  return store.act(direction === 'up' ? increaseRetention : decreaseRetention, request);
}

/** DescribeLimits. */
export async function describeLimits(store: KinesisStore): Promise<object> {
  const streams = await store.streams();
  return {
    ShardLimit: 20_000,
    OpenShardCount: streams.reduce((open, stream) => open + stream.Shards.filter(isOpen).length, 0),
    OnDemandStreamCount: streams.filter((stream) => modeOf(stream).StreamMode === 'ON_DEMAND').length,
    OnDemandStreamCountLimit: 50,
  };
}
