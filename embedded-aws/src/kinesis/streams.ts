import { randomUUID } from 'node:crypto';
import { localAccountId as accountId, localRegion as region } from '@millrace/kit/local-aws';
import { AwsError } from '../json-service/aws-error.js';
import type { Rule, Rules } from './check-types.js';
import { addShard } from './shard-changes.js';
import { isOpen } from './shard-map.js';
import type { KinesisStore } from './store.js';
import type { StoredStream, StreamMode } from './stored-stream.js';
import { checkCharacters, tagsRule } from './tags.js';
import { type Input, oneOf, requiredName, retentionHours, validated } from './validation.js';

/**
 * Making, changing and deleting streams. On AWS these go on behind the answer; here they are done when the answer
 * comes, so the first look of a client that waits for ACTIVE finds it.
 */

/** AWS's default quota in us-east-1. */
const shardQuota = 20_000;
const hashKeys = 1n << 128n;
/** A stream counts as made this long before it was, so that its first moments are not those of its first reshard. */
const madeBeforeMs = 2_000;

const modeRule: Rule = { type: 'Structure', children: { StreamMode: oneOf('PROVISIONED', 'ON_DEMAND') } };

/** @throws AwsError LimitExceededException when the account would have more open shards than its quota */
export async function checkQuota(store: KinesisStore, more: number): Promise<void> {
  const open = (await store.streams()).reduce((sum, stream) => sum + stream.Shards.filter(isOpen).length, 0);
  if (open + more > shardQuota)
    throw new AwsError(
      'LimitExceededException',
      `This request would exceed the shard limit for the account ${accountId} in ${region}. Current shard count for the account: ${open}. ` +
        `Limit: ${shardQuota}. Number of additional shards that would have resulted from this request: ${more}.`,
    );
}

function newStream(name: string, shardCount: number, nowMs: number): StoredStream {
  const createdSeconds = Math.floor((nowMs - madeBeforeMs) / 1000);
  const stream: StoredStream = {
    id: randomUUID(),
    StreamName: name,
    StreamARN: `arn:aws:kinesis:${region}:${accountId}:stream/${name}`,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    RetentionPeriodHours: 24,
    StreamCreationTimestamp: createdSeconds,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: 'NONE',
    Shards: [],
    tags: {},
    spans: Array.from({ length: shardCount }, () => ({ from: 1 })),
  };
  const width = hashKeys / BigInt(shardCount);
  for (let index = 0; index < shardCount; index++) {
    const start = width * BigInt(index);
    addShard(stream, { start, end: index < shardCount - 1 ? start + width - 1n : hashKeys - 1n }, createdSeconds);
  }
  return stream;
}

/** An on-demand stream is one with a fixed number of shards here: it does not grow with its traffic. */
export async function createStream(
  store: KinesisStore,
  input: Input,
  { onDemandShards, nowMs }: { onDemandShards: number; nowMs: number },
): Promise<object> {
  const rules: Rules = {
    StreamName: requiredName,
    ShardCount: { type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: 100_000 },
    StreamModeDetails: modeRule,
    Tags: tagsRule,
    MaxRecordSizeInKiB: { type: 'Integer', greaterThanOrEqual: 1024, lessThanOrEqual: 10_240 },
  };
  const request = validated(rules, input) as {
    StreamName: string;
    ShardCount?: number;
    StreamModeDetails?: { StreamMode: StreamMode };
    Tags?: Record<string, string>;
    MaxRecordSizeInKiB?: number;
  };
  const { StreamName: name, ShardCount: shardCount, StreamModeDetails: mode, Tags: tags = {} } = request;
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
  checkCharacters(Object.entries(tags).flat());

  const shards = shardCount ?? onDemandShards;
  await checkQuota(store, shards);
  await store.create({ ...newStream(name, shards, nowMs), tags, ...(mode && { StreamModeDetails: mode }) });
  return {};
}

/** DeleteStream; gives the name. @throws AwsError */
export async function deleteStream(store: KinesisStore, input: Input): Promise<string> {
  const { StreamName } = validated({ StreamName: requiredName }, input) as { StreamName: string };
  await store.delete(StreamName);
  return StreamName;
}

/** UpdateStreamMode. @throws AwsError */
export async function updateStreamMode(store: KinesisStore, input: Input): Promise<object> {
  const rules: Rules = { StreamName: requiredName, StreamModeDetails: { ...modeRule, notNull: true } };
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
  const rules: Rules = { StreamName: requiredName, RetentionPeriodHours: retentionHours };
  const { StreamName: name, RetentionPeriodHours: hours } = validated(rules, input) as {
    StreamName: string;
    RetentionPeriodHours: number;
  };
  await store.update(name, (stream) => {
    if (hours < 24)
      throw new AwsError(
        'InvalidArgumentException',
        `Minimum allowed retention period is 24 hours. Requested retention period (${hours} hours) is too short.`,
      );
    const now = stream.RetentionPeriodHours;
    if (direction === 'up' ? hours < now : hours > now)
      throw new AwsError(
        'InvalidArgumentException',
        `Requested retention period (${hours} hours) for stream ${name} can not be ${direction === 'up' ? 'shorter' : 'longer'} ` +
          `than existing retention period (${now} hours). Use ${direction === 'up' ? 'Decrease' : 'Increase'}RetentionPeriod API.`,
      );
    stream.RetentionPeriodHours = hours;
  });
  return {};
}

/** DescribeLimits. */
export async function describeLimits(store: KinesisStore): Promise<object> {
  const streams = await store.streams();
  return {
    ShardLimit: shardQuota,
    OpenShardCount: streams.reduce((open, stream) => open + stream.Shards.filter(isOpen).length, 0),
    OnDemandStreamCount: streams.filter(({ StreamModeDetails }) => StreamModeDetails.StreamMode === 'ON_DEMAND').length,
    OnDemandStreamCountLimit: 50,
  };
}
