import { expect } from '@jest/globals';
import type { Answer, Caller, Promised, World } from './caller.js';

const shard0 = 'shardId-000000000000';

async function stream(caller: Caller, world: World, ShardCount = 1): Promise<string> {
  const StreamName = world.unique('stream');
  await caller.call('kinesis', 'CreateStream', { StreamName, ShardCount });
  return StreamName;
}

async function read(caller: Caller, StreamName: string, ShardId: string, how: object): Promise<string[]> {
  const { ShardIterator } = await caller.call('kinesis', 'GetShardIterator', { StreamName, ShardId, ...how });
  const { Records } = await caller.call('kinesis', 'GetRecords', { ShardIterator });
  return Records.map(({ Data }: Answer) => Data);
}

const openShards = async (caller: Caller, StreamName: string): Promise<number> => {
  const { StreamDescriptionSummary } = await caller.call('kinesis', 'DescribeStreamSummary', { StreamName });
  return StreamDescriptionSummary.OpenShardCount;
};

export const kinesis: Promised[] = [
  {
    line: 'CreateStream makes a stream with the given number of shards, which DescribeStream, DescribeStreamSummary, ListStreams and ListShards show.',
    async check(caller, world) {
      const StreamName = await stream(caller, world, 3);
      const { StreamDescription } = await caller.call('kinesis', 'DescribeStream', { StreamName });
      expect(StreamDescription).toMatchObject({ StreamName, StreamStatus: 'ACTIVE', RetentionPeriodHours: 24 });
      expect(StreamDescription.Shards).toHaveLength(3);
      expect(await openShards(caller, StreamName)).toBe(3);
      expect((await caller.call('kinesis', 'ListStreams')).StreamNames).toContain(StreamName);
      const { Shards } = await caller.call('kinesis', 'ListShards', { StreamName });
      expect(Shards.map(({ ShardId }: Answer) => ShardId)).toContain('shardId-000000000002');
    },
  },
  {
    line: 'CreateStream refuses a name that is taken with ResourceInUseException.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      await expect(caller.call('kinesis', 'CreateStream', { StreamName, ShardCount: 1 })).rejects.toMatchObject({
        name: 'ResourceInUseException',
      });
    },
  },
  {
    line: 'A stream that does not exist gets ResourceNotFoundException, with its name.',
    async check(caller, world) {
      const StreamName = world.unique('nowhere');
      for (const [operation, input] of [
        ['DescribeStream', {}],
        ['PutRecord', { PartitionKey: 'a', Data: 'x' }],
        ['ListShards', {}],
        ['DeleteStream', {}],
      ] as const)
        await expect(caller.call('kinesis', operation, { StreamName, ...input })).rejects.toMatchObject({
          name: 'ResourceNotFoundException',
          message: expect.stringContaining(StreamName),
        });
    },
  },
  {
    line: 'PutRecord and PutRecords put records into the shard of their partition key, and GetRecords gives them back in order.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      const one = await caller.call('kinesis', 'PutRecord', { StreamName, PartitionKey: 'a', Data: 'one ü' });
      expect(one).toMatchObject({ ShardId: shard0, SequenceNumber: expect.stringMatching(/^\d{56}$/) });
      const more = await caller.call('kinesis', 'PutRecords', {
        StreamName,
        Records: ['two', 'three'].map((Data) => ({ PartitionKey: 'a', Data })),
      });
      expect(more.FailedRecordCount).toBe(0);
      expect(more.Records).toHaveLength(2);
      expect(await read(caller, StreamName, shard0, { ShardIteratorType: 'TRIM_HORIZON' })).toEqual([
        'one ü',
        'two',
        'three',
      ]);
    },
  },
  {
    line: 'GetShardIterator begins at a sequence number, after it, and at the newest record.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      const put = (Data: string) => caller.call('kinesis', 'PutRecord', { StreamName, PartitionKey: 'a', Data });
      const { SequenceNumber: StartingSequenceNumber } = await put('one');
      await put('two');
      const from = (ShardIteratorType: string, rest: object = {}) =>
        read(caller, StreamName, shard0, { ShardIteratorType, ...rest });
      expect(await from('AT_SEQUENCE_NUMBER', { StartingSequenceNumber })).toEqual(['one', 'two']);
      expect(await from('AFTER_SEQUENCE_NUMBER', { StartingSequenceNumber })).toEqual(['two']);
      expect(await from('LATEST')).toEqual([]);
    },
  },
  {
    line: 'A shard takes 1 MiB a second: PutRecords answers the surplus with ProvisionedThroughputExceededException, record by record.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      const Records = Array.from({ length: 80 }, () => ({ PartitionKey: 'a', Data: 'x'.repeat(20_000) }));
      const answer = await caller.call('kinesis', 'PutRecords', { StreamName, Records });
      const failed = answer.Records.filter(({ ErrorCode }: Answer) => ErrorCode !== undefined);
      expect(answer.FailedRecordCount).toBe(failed.length);
      for (const { ErrorCode } of failed) expect(ErrorCode).toBe('ProvisionedThroughputExceededException');
      expect(failed.length).toBeGreaterThan(0);
      expect(failed.length).toBeLessThan(Records.length);
    },
  },
  {
    line: 'SplitShard and MergeShards close their shards, and the new ones name them as parents.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      await caller.call('kinesis', 'SplitShard', {
        StreamName,
        ShardToSplit: shard0,
        NewStartingHashKey: String(1n << 127n),
      });
      expect(await openShards(caller, StreamName)).toBe(2);
      await caller.call('kinesis', 'MergeShards', {
        StreamName,
        ShardToMerge: 'shardId-000000000001',
        AdjacentShardToMerge: 'shardId-000000000002',
      });
      const { Shards } = await caller.call('kinesis', 'ListShards', { StreamName });
      expect(Shards.at(-1)).toMatchObject({
        ShardId: 'shardId-000000000003',
        ParentShardId: 'shardId-000000000001',
        AdjacentParentShardId: 'shardId-000000000002',
      });
      expect(await openShards(caller, StreamName)).toBe(1);
    },
  },
  {
    line: 'UpdateShardCount scales uniformly, to double or half at most.',
    async check(caller, world) {
      const StreamName = await stream(caller, world, 2);
      const scale = (TargetShardCount: number) =>
        caller.call('kinesis', 'UpdateShardCount', { StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' });
      expect(await scale(3)).toMatchObject({ StreamName, CurrentShardCount: 2, TargetShardCount: 3 });
      expect(await openShards(caller, StreamName)).toBe(3);
      await expect(scale(7)).rejects.toMatchObject({ name: 'InvalidArgumentException' });
    },
  },
  {
    line: 'The retention period rises and falls between 24 and 8,760 hours.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      await caller.call('kinesis', 'IncreaseStreamRetentionPeriod', { StreamName, RetentionPeriodHours: 8760 });
      await caller.call('kinesis', 'DecreaseStreamRetentionPeriod', { StreamName, RetentionPeriodHours: 48 });
      const { StreamDescriptionSummary } = await caller.call('kinesis', 'DescribeStreamSummary', { StreamName });
      expect(StreamDescriptionSummary.RetentionPeriodHours).toBe(48);
    },
  },
  {
    line: 'Tags are added to a stream, listed and removed.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      await caller.call('kinesis', 'AddTagsToStream', { StreamName, Tags: { team: 'lake', stage: 'dev' } });
      await caller.call('kinesis', 'RemoveTagsFromStream', { StreamName, TagKeys: ['stage'] });
      const { Tags } = await caller.call('kinesis', 'ListTagsForStream', { StreamName });
      expect(Tags).toEqual([{ Key: 'team', Value: 'lake' }]);
    },
  },
  {
    line: 'CreateStream makes an on-demand stream without a number of shards, UpdateStreamMode makes it provisioned, and DescribeLimits counts it.',
    async check(caller, world) {
      const StreamName = world.unique('on-demand');
      await caller.call('kinesis', 'CreateStream', { StreamName, StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
      const mode = async () =>
        (await caller.call('kinesis', 'DescribeStreamSummary', { StreamName })).StreamDescriptionSummary;
      const { StreamARN, StreamModeDetails } = await mode();
      expect(StreamModeDetails).toEqual({ StreamMode: 'ON_DEMAND' });
      expect((await caller.call('kinesis', 'DescribeLimits')).OnDemandStreamCount).toBeGreaterThan(0);
      await caller.call('kinesis', 'UpdateStreamMode', { StreamARN, StreamModeDetails: { StreamMode: 'PROVISIONED' } });
      expect((await mode()).StreamModeDetails).toEqual({ StreamMode: 'PROVISIONED' });
    },
  },
  {
    line: 'DeleteStream removes a stream and its records.',
    async check(caller, world) {
      const StreamName = await stream(caller, world);
      await caller.call('kinesis', 'DeleteStream', { StreamName });
      await expect(caller.call('kinesis', 'DescribeStream', { StreamName })).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    },
  },
  {
    line: 'Unsupported operations of Kinesis (RegisterStreamConsumer) are refused by name, with the supported ones.',
    async check(caller, world) {
      const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${world.unique('any')}`;
      await expect(
        caller.call('kinesis', 'RegisterStreamConsumer', { StreamARN, ConsumerName: 'fan-out' }),
      ).rejects.toMatchObject({
        name: 'UnknownOperationException',
        message: expect.stringMatching(/RegisterStreamConsumer.*GetRecords.*embedded-aws\.md/),
      });
    },
  },
];
