import addTagsToStream from 'kinesalite/actions/addTagsToStream.js';
import listTagsForStream from 'kinesalite/actions/listTagsForStream.js';
import removeTagsFromStream from 'kinesalite/actions/removeTagsFromStream.js';
import addTagsRules from 'kinesalite/validations/addTagsToStream.js';
import listTagsRules from 'kinesalite/validations/listTagsForStream.js';
import removeTagsRules from 'kinesalite/validations/removeTagsFromStream.js';
import { type RunOperation, runnerOf } from '../json-service/operations.js';
import { describeStream, describeStreamSummary, listShards, listStreams } from './describe.js';
import { type GetContext, getRecords, getShardIterator } from './get-records.js';
import { type PutContext, putRecord, putRecords } from './put-records.js';
import {
  changeRetention,
  createStream,
  deleteStream,
  describeLimits,
  mergeShards,
  splitShard,
  updateShardCount,
  updateStreamMode,
} from './streams.js';
import { type Input, validated, withStreamName } from './validation.js';

/** What all operations work on. */
export type OperationContext = PutContext & GetContext & { onDemandShards: number };

/** The answer: an object, or JSON text that is ready to be sent. */
type Operation = (context: OperationContext, input: Input) => Promise<object | Buffer>;

const operations: Record<string, Operation> = {
  AddTagsToStream: ({ store }, input) => store.act(addTagsToStream, validated(addTagsRules, input)),
  CreateStream: ({ store, onDemandShards }, input) => createStream(store, input, onDemandShards),
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
  ListTagsForStream: ({ store }, input) => store.act(listTagsForStream, validated(listTagsRules, input)),
  MergeShards: ({ store }, input) => mergeShards(store, input),
  PutRecord: putRecord,
  PutRecords: putRecords,
  RemoveTagsFromStream: ({ store }, input) => store.act(removeTagsFromStream, validated(removeTagsRules, input)),
  SplitShard: ({ store }, input) => splitShard(store, input),
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
