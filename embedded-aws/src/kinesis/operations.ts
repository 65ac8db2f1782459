import { type RunOperation, runnerOf } from '../json-service/operations.js';
import { describeStream, describeStreamSummary, listShards, listStreams } from './describe.js';
import { getRecords } from './get-records.js';
import { getShardIterator } from './get-shard-iterator.js';
import { type PutContext, putRecord, putRecords } from './put-records.js';
import type { GetContext } from './read-shard.js';
import { mergeShards, splitShard, updateShardCount } from './reshard.js';
import { changeRetention, createStream, deleteStream, describeLimits, updateStreamMode } from './streams.js';
import { addTags, listTags, removeTags } from './tags.js';
import { type Input, withStreamName } from './validation.js';

/** What all operations work on. */
export type OperationContext = PutContext & GetContext & { onDemandShards: number };

/** The answer: an object, or JSON text that is ready to be sent. */
type Operation = (context: OperationContext, input: Input) => Promise<object | Buffer>;

const operations: Record<string, Operation> = {
  AddTagsToStream: ({ store }, input) => addTags(store, input),
  CreateStream: ({ store, onDemandShards, now }, input) => createStream(store, input, { onDemandShards, nowMs: now() }),
  DecreaseStreamRetentionPeriod: ({ store }, input) => changeRetention(store, input, 'down'),
  DeleteStream: async ({ store, limits }, input) => {
    limits.forget(await deleteStream(store, input));
    return {};
  },
  DescribeLimits: ({ store }) => describeLimits(store),
  DescribeStream: ({ store }, input) => describeStream(store, input),
  DescribeStreamSummary: ({ store }, input) => describeStreamSummary(store, input),
  GetRecords: getRecords,
  GetShardIterator: getShardIterator,
  IncreaseStreamRetentionPeriod: ({ store }, input) => changeRetention(store, input, 'up'),
  ListShards: ({ store, now }, input) => listShards(store, input, now()),
  ListStreams: ({ store }, input) => listStreams(store, input),
  ListTagsForStream: ({ store }, input) => listTags(store, input),
  MergeShards: ({ store, now }, input) => mergeShards(store, input, now()),
  PutRecord: putRecord,
  PutRecords: putRecords,
  RemoveTagsFromStream: ({ store }, input) => removeTags(store, input),
  SplitShard: ({ store, now }, input) => splitShard(store, input, now()),
  UpdateShardCount: ({ store, now }, input) => updateShardCount(store, input, now()),
  UpdateStreamMode: ({ store }, input) => updateStreamMode(store, input),
};

const insteadOf: Record<string, string> = {
  RegisterStreamConsumer: 'Read with GetShardIterator and GetRecords.',
  SubscribeToShard: 'Read with GetShardIterator and GetRecords.',
};

/** Kinesis' operations on one store; each checks its own members. */
export function kinesisOperations(context: OperationContext): RunOperation<Promise<object | Buffer>> {
  const bound = Object.entries(operations).map(
    ([name, operation]) => [name, async (input: Input) => operation(context, withStreamName(input))] as const,
  );
  return runnerOf('Kinesis', Object.fromEntries(bound), insteadOf);
}
