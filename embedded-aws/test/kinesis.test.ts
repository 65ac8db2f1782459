import { setTimeout as delay } from 'node:timers/promises';
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  MergeShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  SplitShardCommand,
  UpdateShardCountCommand,
  UpdateStreamModeCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noLimits, readAll, startKinesis, type TestKinesis } from './kinesis-support.js';

let kinesis: TestKinesis;
let streams = 0;

beforeAll(async () => {
  kinesis = await startKinesis(noLimits);
});
afterAll(() => kinesis.stop());

const create = async (ShardCount = 1) => {
  const StreamName = `stream-${++streams}`;
  await kinesis.client.send(new CreateStreamCommand({ StreamName, ShardCount }));
  return StreamName;
};

const iteratorOf = async (StreamName: string, ShardId: string, rest: object) => {
  const ask = new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON', ...rest });
  return (await kinesis.client.send(ask)).ShardIterator!;
};

const shard0 = 'shardId-000000000000';
const text = (data: Uint8Array | undefined) => Buffer.from(data!).toString();

describe('streams', () => {
  test('are ACTIVE when CreateStream has answered, and shown by every operation as they were asked for', async () => {
    const { client } = kinesis;
    await client.send(
      new CreateStreamCommand({
        StreamName: 'on-demand',
        StreamModeDetails: { StreamMode: 'ON_DEMAND' },
        Tags: { team: 'lake' },
      }),
    );
    await client.send(new CreateStreamCommand({ StreamName: 'provisioned', ShardCount: 3 }));
    await waitUntilStreamExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { StreamName: 'on-demand' });

    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: 'on-demand' }),
    );
    expect(summary).toMatchObject({
      StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/on-demand',
      StreamStatus: 'ACTIVE',
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      OpenShardCount: 4,
      RetentionPeriodHours: 24,
      EncryptionType: 'NONE',
    });
    const { StreamDescription: description } = await client.send(
      new DescribeStreamCommand({ StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/provisioned', Limit: 2 }),
    );
    expect(description).toMatchObject({
      StreamName: 'provisioned',
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
      HasMoreShards: true,
    });
    expect(description!.Shards).toHaveLength(2);
    expect((await client.send(new ListTagsForStreamCommand({ StreamName: 'on-demand' }))).Tags).toEqual([
      { Key: 'team', Value: 'lake' },
    ]);

    const first = await client.send(new ListStreamsCommand({ Limit: 1 }));
    expect(first).toMatchObject({ StreamNames: ['on-demand'], HasMoreStreams: true });
    const second = await client.send(new ListStreamsCommand({ NextToken: first.NextToken! }));
    expect(second.StreamNames).toEqual(['provisioned']);
    expect(second.StreamSummaries![0]).toMatchObject({
      StreamName: 'provisioned',
      StreamStatus: 'ACTIVE',
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    });
  });

  test('are refused as AWS refuses them', async () => {
    const { client } = kinesis;
    const StreamName = await create();
    await expect(client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
    await expect(client.send(new CreateStreamCommand({ StreamName: 'a b', ShardCount: 1 }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('[a-zA-Z0-9_.-]+'),
    });
    await expect(client.send(new CreateStreamCommand({ StreamName: 'none' }))).rejects.toThrow(/needs a ShardCount/);
    await expect(
      client.send(
        new CreateStreamCommand({
          StreamName: 'both',
          ShardCount: 2,
          StreamModeDetails: { StreamMode: 'ON_DEMAND' },
        }),
      ),
    ).rejects.toThrow(/takes no ShardCount/);
    await expect(client.send(new DescribeStreamSummaryCommand({ StreamName: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Stream nobody under account 000000000000 not found.',
    });
  });

  test('are gone with their records when DeleteStream has answered', async () => {
    const StreamName = await create();
    const { client } = kinesis;
    await client.send(new PutRecordCommand({ StreamName, PartitionKey: 'p', Data: Buffer.from('old') }));
    await client.send(new DeleteStreamCommand({ StreamName }));
    await expect(
      client.send(new PutRecordCommand({ StreamName, PartitionKey: 'p', Data: Buffer.from('x') })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
    expect(await readAll(client, StreamName)).toEqual([]);
  });

  test('change mode, tags and retention', async () => {
    const StreamName = await create();
    const { client } = kinesis;
    await client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 8760 }));
    await client.send(new AddTagsToStreamCommand({ StreamName, Tags: { a: 'b' } }));
    await client.send(
      new UpdateStreamModeCommand({
        StreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`,
        StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      }),
    );
    const { StreamDescriptionSummary: summary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }));
    expect(summary).toMatchObject({ RetentionPeriodHours: 8760, StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
  });

  test('an operation that is not there is refused by name, with those that are', async () => {
    const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${await create()}`;
    const register = new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: 'fan-out' });
    await expect(kinesis.client.send(register)).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringMatching(
        /RegisterStreamConsumer.*GetShardIterator and GetRecords.*It supports .*PutRecords/,
      ),
    });
  });
});

describe('shards', () => {
  test('after a split and a merge, records go to the open shards and the closed ones end with their children', async () => {
    const StreamName = await create(1);
    const { client } = kinesis;
    const put = (key: string) =>
      client.send(new PutRecordCommand({ StreamName, PartitionKey: key, Data: Buffer.from(key) }));
    const before = await put('before');
    const half = String(1n << 127n);
    await client.send(new SplitShardCommand({ StreamName, ShardToSplit: shard0, NewStartingHashKey: half }));
    const between = await client.send(
      new PutRecordCommand({ StreamName, PartitionKey: 'b', ExplicitHashKey: half, Data: Buffer.from('between') }),
    );
    expect(between.ShardId).toBe('shardId-000000000002');
    await expect(
      client.send(new SplitShardCommand({ StreamName, ShardToSplit: shard0, NewStartingHashKey: half })),
    ).rejects.toThrow(/closed already/);
    await client.send(
      new MergeShardsCommand({
        StreamName,
        ShardToMerge: 'shardId-000000000001',
        AdjacentShardToMerge: 'shardId-000000000002',
      }),
    );
    const after = await put('after');
    expect([before.ShardId, after.ShardId]).toEqual([shard0, 'shardId-000000000003']);
    expect((await readAll(client, StreamName)).map(({ data }) => data)).toEqual(['before', 'between', 'after']);

    const page = await client.send(new GetRecordsCommand({ ShardIterator: await iteratorOf(StreamName, shard0, {}) }));
    expect(page.NextShardIterator).toBeUndefined();
    expect(page.ChildShards!.map(({ ShardId }) => ShardId)).toEqual(['shardId-000000000001', 'shardId-000000000002']);

    const list = async (rest: object) =>
      (await client.send(new ListShardsCommand({ StreamName, ...rest }))).Shards!.map(({ ShardId }) =>
        Number(ShardId!.slice(-1)),
      );
    expect(await list({})).toEqual([0, 1, 2, 3]);
    expect(await list({ ShardFilter: { Type: 'AT_LATEST' } })).toEqual([3]);
    expect(await list({ ShardFilter: { Type: 'AFTER_SHARD_ID', ShardId: 'shardId-000000000001' } })).toEqual([2, 3]);
    expect(await list({ ShardFilter: { Type: 'AT_TRIM_HORIZON' } })).toEqual([0]);
    const { NextToken } = await client.send(new ListShardsCommand({ StreamName, MaxResults: 3 }));
    const rest = await client.send(new ListShardsCommand({ NextToken: NextToken! }));
    expect(rest.Shards!.map(({ ShardId }) => ShardId)).toEqual(['shardId-000000000003']);
  });
});

describe('UpdateShardCount', () => {
  const scale = (StreamName: string, TargetShardCount: number) =>
    kinesis.client.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' }));
  const shardsOf = async (StreamName: string) =>
    (await kinesis.client.send(new ListShardsCommand({ StreamName }))).Shards!;
  const openOf = async (StreamName: string) =>
    (await shardsOf(StreamName))
      .filter(({ SequenceNumberRange }) => SequenceNumberRange!.EndingSequenceNumber === undefined)
      .map(
        ({ HashKeyRange }) => [BigInt(HashKeyRange!.StartingHashKey!), BigInt(HashKeyRange!.EndingHashKey!)] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1));

  test('makes equal shards of any number within double and half, and the records of before and after are read in order', async () => {
    const StreamName = await create(3);
    const sent: string[] = [];
    for (const target of [3, 5, 10, 7, 4, 2, 1, 2]) {
      const data = `before ${target}`;
      sent.push(data);
      await kinesis.client.send(new PutRecordCommand({ StreamName, PartitionKey: 'one', Data: Buffer.from(data) }));
      const current = (await openOf(StreamName)).length;
      expect(await scale(StreamName, target)).toMatchObject({
        StreamName,
        StreamARN: expect.stringContaining(StreamName),
        CurrentShardCount: current,
        TargetShardCount: target,
      });
      const ranges = await openOf(StreamName);
      expect(ranges).toHaveLength(target);
      for (const [index, [start, end]] of ranges.entries()) {
        expect(start).toBe(index === 0 ? 0n : ranges[index - 1]![1] + 1n);
        const width = (end - start) * BigInt(target);
        // Equal but for the rounding of divisions.
        expect(Number(width) / 2 ** 128).toBeCloseTo(1, 9);
      }
      expect(ranges.at(-1)![1]).toBe((1n << 128n) - 1n);
    }
    expect((await readAll(kinesis.client, StreamName)).map(({ data }) => data)).toEqual(sent);
    const shards = await shardsOf(StreamName);
    const ids = shards.map(({ ShardId }) => ShardId);
    for (const [index, { ParentShardId, AdjacentParentShardId }] of shards.entries())
      for (const parent of [ParentShardId, AdjacentParentShardId])
        if (parent !== undefined) expect(ids.slice(0, index)).toContain(parent);
  });

  test('is refused past double, below half, for an on-demand stream and for another scaling type', async () => {
    const StreamName = await create(4);
    await expect(scale(StreamName, 9)).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: expect.stringMatching(/up over double.*Current open shard count: 4 Target shard count: 9/),
    });
    await expect(scale(StreamName, 1)).rejects.toMatchObject({ message: expect.stringMatching(/down below half/) });
    const other = new UpdateShardCountCommand({ StreamName, TargetShardCount: 4, ScalingType: 'OTHER' as never });
    await expect(kinesis.client.send(other)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(scale('nowhere', 2)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(await openOf(StreamName)).toHaveLength(4);
    await kinesis.client.send(
      new UpdateStreamModeCommand({
        StreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`,
        StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      }),
    );
    await expect(scale(StreamName, 5)).rejects.toMatchObject({ message: expect.stringMatching(/ON_DEMAND/) });
  });
});

describe('records', () => {
  test('come back byte for byte, in order within their shard, with numbers that rise', async () => {
    const StreamName = await create(4);
    const { client } = kinesis;
    const sent: string[] = [];
    for (let call = 0; call < 4; call++) {
      const Records = Array.from({ length: 100 }, (_, i) => {
        const data = `${call}:${i}:${'é\u{1F4DA}"\\\n'.repeat(i)}`;
        sent.push(data);
        return { PartitionKey: `kéy "${i % 7}"`, Data: Buffer.from(data) };
      });
      const answer = await client.send(new PutRecordsCommand({ StreamName, Records }));
      expect(answer.FailedRecordCount).toBe(0);
      expect(answer.Records).toHaveLength(100);
    }
    const records = await readAll(client, StreamName);
    expect(records.map(({ data }) => data).sort()).toEqual(sent.sort());
    for (const key of new Set(records.map(({ partitionKey }) => partitionKey))) {
      const own = records.filter(({ partitionKey }) => partitionKey === key);
      expect(new Set(own.map(({ shardId }) => shardId)).size).toBe(1);
      const order = own.map(({ data }) => data.split(':').slice(0, 2).map(Number));
      expect(order).toEqual([...order].sort(([a, b], [c, d]) => a! - c! || b! - d!));
      const numbers = own.map(({ sequenceNumber }) => sequenceNumber);
      expect(numbers).toEqual([...numbers].sort());
    }
  });

  test('a reader from LATEST misses none and meets none twice, whatever is put meanwhile', async () => {
    const StreamName = await create(1);
    const { client } = kinesis;
    await client.send(new PutRecordCommand({ StreamName, PartitionKey: 'p', Data: Buffer.from('before') }));
    let ShardIterator = await iteratorOf(StreamName, shard0, { ShardIteratorType: 'LATEST' });
    const sent: string[] = [];
    const write = async (writer: number) => {
      for (let i = 0; i < 60; i++) {
        const data = `${writer}-${i}`;
        sent.push(data);
        await client.send(new PutRecordCommand({ StreamName, PartitionKey: data, Data: Buffer.from(data) }));
      }
    };
    const writing = Promise.all([0, 1, 2].map(write));
    const seen: string[] = [];
    let written = false;
    void writing.then(() => {
      written = true;
    });
    for (let idle = false; !idle; ) {
      const last = written;
      const page = await client.send(new GetRecordsCommand({ ShardIterator, Limit: 7 }));
      seen.push(...page.Records!.map(({ Data }) => text(Data)));
      ShardIterator = page.NextShardIterator!;
      idle = last && page.Records!.length === 0;
    }
    expect([...seen].sort()).toEqual([...sent].sort());
  });

  test('a reader in the same process is told of every call that may change what it reads, and of no other', async () => {
    const { client, changes } = kinesis;
    const StreamName = await create();
    const during = async (call: () => Promise<unknown>) => {
      const before = changes();
      await call();
      return changes() - before;
    };
    const record = { PartitionKey: 'p', Data: Buffer.from('x') };
    expect(await during(() => client.send(new PutRecordCommand({ StreamName, ...record })))).toBe(1);
    expect(await during(() => client.send(new PutRecordsCommand({ StreamName, Records: [record] })))).toBe(1);
    expect(await during(() => readAll(client, StreamName))).toBe(0);
    expect(await during(() => client.send(new DescribeStreamCommand({ StreamName })))).toBe(0);
    const count = { StreamName, TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' } as const;
    expect(await during(() => client.send(new UpdateShardCountCommand(count)))).toBe(1);
    const merge = { StreamName, ShardToMerge: 'shardId-000000000001', AdjacentShardToMerge: 'shardId-000000000002' };
    expect(await during(() => client.send(new MergeShardsCommand(merge)))).toBe(1);
    expect(await during(() => client.send(new DeleteStreamCommand({ StreamName })))).toBe(1);
  });

  test('every kind of iterator begins where it says', async () => {
    const StreamName = await create(1);
    const { client } = kinesis;
    const put = (data: string) =>
      client.send(new PutRecordCommand({ StreamName, PartitionKey: 'p', Data: Buffer.from(data) }));
    const read = async (rest: object) => {
      const ShardIterator = await iteratorOf(StreamName, shard0, rest);
      return (await client.send(new GetRecordsCommand({ ShardIterator }))).Records!.map(({ Data }) => text(Data));
    };
    await put('a');
    const b = await put('b');
    // Times are stored in milliseconds, and the next record is in a later one.
    await delay(20);
    const Timestamp = new Date();
    await delay(20);
    await put('c');
    expect(await read({})).toEqual(['a', 'b', 'c']);
    expect(await read({ ShardIteratorType: 'LATEST' })).toEqual([]);
    expect(await read({ ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: b.SequenceNumber })).toEqual([
      'b',
      'c',
    ]);
    expect(
      await read({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: b.SequenceNumber }),
    ).toEqual(['c']);
    expect(await read({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp })).toEqual(['c']);
    expect(await read({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(0) })).toEqual(['a', 'b', 'c']);
    await delay(20);
    expect(await read({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date() })).toEqual([]);
    await expect(read({ ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: '12' })).rejects.toThrow(
      /StartingSequenceNumber 12 .* is invalid/,
    );
    await expect(read({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(Date.now() + 1e6) })).rejects.toThrow(
      /cannot be greater/,
    );
    await expect(iteratorOf(StreamName, 'shardId-000000000009', {})).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('ten MiB fit into one call and one answer, and a larger call, record or batch is refused whole', async () => {
    const StreamName = await create(1);
    const { client } = kinesis;
    const MiB = 1_048_576;
    const put = (...Records: { PartitionKey: string; Data: Uint8Array }[]) =>
      client.send(new PutRecordsCommand({ StreamName, Records }));
    const record = (bytes: number, PartitionKey = 'p') => ({ PartitionKey, Data: Buffer.alloc(bytes, 'x') });
    const largest = record(MiB - 1);
    await put(...Array(10).fill(largest));
    await put(record(1));

    const ShardIterator = await iteratorOf(StreamName, shard0, {});
    const page = await client.send(new GetRecordsCommand({ ShardIterator }));
    expect(page.Records!.length).toBeGreaterThan(0);
    expect(page.Records!.length).toBeLessThan(11);
    expect(page.MillisBehindLatest).toBeGreaterThanOrEqual(0);
    expect(page.Records![0]!.Data).toHaveLength(MiB - 1);
    const next = await client.send(new GetRecordsCommand({ ShardIterator: page.NextShardIterator! }));
    expect(page.Records!.length + next.Records!.length).toBe(11);

    await expect(put(...Array(10).fill(largest), record(1))).rejects.toThrow('Records size exceeds 10 MB limit');
    await expect(put(record(MiB))).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put(record(MiB + 1))).rejects.toThrow(/records.1.member.data.*less than or equal to 1048576/);
    await expect(put(...Array(501).fill(record(1)))).rejects.toThrow(/length less than or equal to 500/);
    await expect(put(record(1), record(1, 'k'.repeat(257)))).rejects.toThrow(/records.2.member.partitionKey/);
    await expect(
      client.send(
        new PutRecordCommand({
          StreamName,
          PartitionKey: 'p',
          ExplicitHashKey: String(1n << 128n),
          Data: Buffer.from(''),
        }),
      ),
    ).rejects.toThrow(/ExplicitHashKey must be in the range/);
    for (const ExplicitHashKey of ['0x', '-1', '01', ''])
      await expect(
        client.send(new PutRecordCommand({ StreamName, PartitionKey: 'p', ExplicitHashKey, Data: Buffer.from('') })),
      ).rejects.toMatchObject({ name: 'ValidationException' });
    expect(await readAll(client, StreamName)).toHaveLength(11);
  });

  test('what only looks like base64 is refused, and so is a request that is not JSON or not signed', async () => {
    const StreamName = await create(1);
    const send = (body: string, headers: object = {}) =>
      fetch(kinesis.endpoint.url, {
        method: 'POST',
        headers: { 'x-amz-target': 'Kinesis_20131202.PutRecord', authorization: 'AWS4-HMAC-SHA256 x', ...headers },
        body,
      }).then(async (response) => ({ status: response.status, ...((await response.json()) as object) }));
    const put = (Data: string) => send(JSON.stringify({ StreamName, PartitionKey: 'p', Data }));
    for (const data of ['a', 'ab-_', 'a b=', 'YR==', 'YQ==YQ=='])
      expect(await put(data)).toMatchObject({ status: 400, __type: 'SerializationException' });
    expect(await put('YQ==')).toMatchObject({ status: 200, ShardId: shard0 });
    expect(await send('{"StreamName":')).toMatchObject({ status: 400, __type: 'SerializationException' });
    expect(await send('{}', { 'content-type': 'application/x-amz-cbor-1.1' })).toMatchObject({
      message: expect.stringContaining('aws.cborEnabled=false'),
    });
    expect(await send('x'.repeat(17 << 20))).toMatchObject({ status: 413 });
    const unsigned = await fetch(kinesis.endpoint.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'Kinesis_20131202.ListStreams' },
      body: '{}',
    });
    expect(await unsigned.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });
});
