import { AwsError } from '../json-service/aws-error.js';
import { horizonOf } from './retention.js';
import { isOpen, lifeOf } from './shard-map.js';
import type { KinesisStore } from './store.js';
import type { StoredShard, StoredStream } from './stored-stream.js';
import { count, type Input, oneOf, optionalName, type Rules, requiredName, validated } from './validation.js';

/** What Kinesis says about streams and shards, in pages and with the members that today's clients know. */

/** What DescribeStream and DescribeStreamSummary have in common. */
const commonTo = (stream: StoredStream) => ({
  StreamName: stream.StreamName,
  StreamARN: stream.StreamARN,
  StreamStatus: stream.StreamStatus,
  StreamModeDetails: stream.StreamModeDetails,
  RetentionPeriodHours: stream.RetentionPeriodHours,
  StreamCreationTimestamp: stream.StreamCreationTimestamp,
  EnhancedMonitoring: stream.EnhancedMonitoring,
  EncryptionType: stream.EncryptionType,
});

/** DescribeStream. @throws AwsError */
export async function describeStream(store: KinesisStore, input: Input): Promise<object> {
  const rules: Rules = { StreamName: requiredName, Limit: count(10_000), ExclusiveStartShardId: optionalName };
  const { StreamName, Limit, ExclusiveStartShardId } = validated(rules, input) as {
    StreamName: string;
    Limit?: number;
    ExclusiveStartShardId?: string;
  };
  const stream = await store.stream(StreamName);
  const { page, more } = pageOf(stream.Shards, (shard) => shard.ShardId, Limit ?? 100, ExclusiveStartShardId);
  return { StreamDescription: { ...commonTo(stream), Shards: page, HasMoreShards: more } };
}

/** DescribeStreamSummary. @throws AwsError */
export async function describeStreamSummary(store: KinesisStore, input: Input): Promise<object> {
  const { StreamName } = validated({ StreamName: requiredName }, input) as { StreamName: string };
  const stream = await store.stream(StreamName);
  return {
    StreamDescriptionSummary: {
      ...commonTo(stream),
      OpenShardCount: stream.Shards.filter(isOpen).length,
      ConsumerCount: 0,
      MaxRecordSizeInKiB: 1024,
    },
  };
}

/** ListStreams. @throws AwsError */
export async function listStreams(store: KinesisStore, input: Input): Promise<object> {
  const rules: Rules = {
    Limit: count(10_000),
    ExclusiveStartStreamName: optionalName,
    NextToken: { type: 'String' },
  };
  const { Limit, ExclusiveStartStreamName, NextToken } = validated(rules, input) as {
    Limit?: number;
    ExclusiveStartStreamName?: string;
    NextToken?: string;
  };
  const after = NextToken === undefined ? ExclusiveStartStreamName : decodeToken('streams', NextToken).after;
  const { page, more } = pageOf(await store.streams(), (stream) => stream.StreamName, Limit ?? 100, after);
  return {
    StreamNames: page.map((stream) => stream.StreamName),
    HasMoreStreams: more,
    ...(more && { NextToken: encodeToken('streams', { after: page.at(-1)!.StreamName }) }),
    StreamSummaries: page.map((stream) => ({
      StreamName: stream.StreamName,
      StreamARN: stream.StreamARN,
      StreamStatus: stream.StreamStatus,
      StreamModeDetails: stream.StreamModeDetails,
      StreamCreationTimestamp: stream.StreamCreationTimestamp,
    })),
  };
}

const filterTypes = [
  'AFTER_SHARD_ID',
  'AT_TRIM_HORIZON',
  'FROM_TRIM_HORIZON',
  'AT_LATEST',
  'AT_TIMESTAMP',
  'FROM_TIMESTAMP',
];

interface ShardFilter {
  Type: string;
  ShardId?: string;
  Timestamp?: number;
}

/** ListShards. @param nowMs milliseconds since 1970 @throws AwsError */
export async function listShards(store: KinesisStore, input: Input, nowMs: number): Promise<object> {
  const rules: Rules = {
    StreamName: optionalName,
    NextToken: { type: 'String', lengthGreaterThanOrEqual: 1 },
    ExclusiveStartShardId: optionalName,
    MaxResults: count(10_000),
    StreamCreationTimestamp: { type: 'Timestamp' },
    ShardFilter: {
      type: 'Structure',
      children: { Type: oneOf(...filterTypes), ShardId: optionalName, Timestamp: { type: 'Timestamp' } },
    },
  };
  const request = validated(rules, input) as {
    StreamName?: string;
    NextToken?: string;
    ExclusiveStartShardId?: string;
    MaxResults?: number;
    ShardFilter?: ShardFilter;
  };
  if ((request.StreamName === undefined) === (request.NextToken === undefined))
    throw new AwsError(
      'InvalidArgumentException',
      request.NextToken === undefined
        ? 'Either NextToken or StreamName should be provided.'
        : 'NextToken and StreamName cannot be provided together.',
    );
  const token = request.NextToken === undefined ? undefined : decodeToken('shards', request.NextToken);
  const name = token?.stream ?? request.StreamName!;
  const filter = token ? token.filter : request.ShardFilter;
  const stream = await store.stream(name);
  // Of a young stream, nothing has expired yet: its horizon is its beginning.
  const beginning = Math.min(...stream.Shards.map((shard) => lifeOf(shard).createdSeconds));
  const shards = stream.Shards.filter(matches(filter, Math.max(beginning, horizonOf(stream, nowMs))));
  const { page, more } = pageOf(
    shards,
    (shard) => shard.ShardId,
    request.MaxResults ?? 1000,
    token?.after ?? request.ExclusiveStartShardId,
  );
  return {
    Shards: page,
    ...(more && { NextToken: encodeToken('shards', { stream: name, after: page.at(-1)!.ShardId, filter }) }),
  };
}

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html */
function matches(filter: ShardFilter | undefined, horizonSeconds: number): (shard: StoredShard) => boolean {
  const openAt = (seconds: number) => (shard: StoredShard) => {
    const { createdSeconds, closedSeconds } = lifeOf(shard);
    return createdSeconds <= seconds && closedSeconds > seconds;
  };
  const openFrom = (seconds: number) => (shard: StoredShard) => lifeOf(shard).closedSeconds > seconds;
  const need = <Value>(value: Value | undefined, member: string): Value => {
    if (value !== undefined) return value;
    throw new AwsError('InvalidArgumentException', `A ShardFilter of type ${filter?.Type} needs a ${member}.`);
  };
  switch (filter?.Type) {
    case 'AT_LATEST':
      return isOpen;
    case 'AFTER_SHARD_ID': {
      const after = need(filter.ShardId, 'ShardId');
      return (shard) => shard.ShardId > after;
    }
    case 'AT_TRIM_HORIZON':
      return openAt(horizonSeconds);
    case 'AT_TIMESTAMP':
      return openAt(need(filter.Timestamp, 'Timestamp'));
    case 'FROM_TIMESTAMP':
      return openFrom(need(filter.Timestamp, 'Timestamp'));
    default:
      return openFrom(horizonSeconds);
  }
}

/** At most `limit` of the sorted items behind `after`. */
function pageOf<Item>(items: Item[], keyOf: (item: Item) => string, limit: number, after: string | undefined) {
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  return { page: rest.slice(0, limit), more: rest.length > limit };
}

interface Token {
  after: string;
  stream?: string;
  filter?: ShardFilter | undefined;
}

const encodeToken = (kind: string, token: Token) => Buffer.from(JSON.stringify([kind, token])).toString('base64');

function decodeToken(kind: string, text: string): Token {
  try {
    const [found, token] = JSON.parse(Buffer.from(text, 'base64').toString()) as [string, Token];
    if (found === kind && typeof token.after === 'string') return token;
  } catch {
    // Answered below.
  }
  throw new AwsError('InvalidArgumentException', 'NextToken is invalid.');
}
