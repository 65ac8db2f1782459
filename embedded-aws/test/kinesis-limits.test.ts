import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  PutRecordCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readAll, startKinesis, type TestKinesis } from './kinesis-support.js';

/** Limits as on AWS, and a clock that stands still unless a test moves it. */
let at: number;
let kinesis: TestKinesis;

beforeEach(async () => {
  at = Date.now();
  kinesis = await startKinesis({ now: () => at });
  await kinesis.client.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 2 }));
});
afterEach(() => kinesis.stop());

/** Hash keys of the two shards. */
const shards = ['0', String((1n << 128n) - 1n)];
const record = (shard: number, data: string | Uint8Array) => ({
  PartitionKey: 'p',
  ExplicitHashKey: shards[shard]!,
  Data: Buffer.from(data),
});
const put = (Records: ReturnType<typeof record>[]) =>
  kinesis.client.send(new PutRecordsCommand({ StreamName: 's', Records }));

test('a shard takes 1,000 records a second: the surplus is refused record by record, in its place, and the rest is stored', async () => {
  const sent: string[] = [];
  for (let call = 0; call < 5; call++) {
    // Every fifth record goes to the other shard, which stays far below its limit.
    const Records = Array.from({ length: 500 }, (_, i) => record(i % 5 === 0 ? 1 : 0, `${call}-${i}`));
    const answer = await put(Records);
    expect(answer.Records).toHaveLength(500);
    expect(answer.FailedRecordCount).toBe(answer.Records!.filter(({ ErrorCode }) => ErrorCode).length);
    answer.Records!.forEach((result, i) => {
      const shardId = `shardId-00000000000${i % 5 === 0 ? 1 : 0}`;
      if (result.ErrorCode) {
        expect(result).toEqual({
          ErrorCode: 'ProvisionedThroughputExceededException',
          ErrorMessage: `Rate exceeded for shard ${shardId} in stream s under account 000000000000.`,
        });
        expect(shardId).toBe('shardId-000000000000');
      } else {
        expect(result).toMatchObject({ ShardId: shardId, SequenceNumber: expect.any(String) });
        sent.push(`${call}-${i}`);
      }
    });
  }
  expect(sent).toHaveLength(1000 + 500);
  expect((await readAll(kinesis.client, 's')).map(({ data }) => data).sort()).toEqual(sent.sort());
  expect(kinesis.logged.filter((line) => /stream s is over its shard limits/.test(line))).toHaveLength(1);

  await expect(kinesis.client.send(new PutRecordCommand({ StreamName: 's', ...record(0, 'x') }))).rejects.toMatchObject(
    {
      name: 'ProvisionedThroughputExceededException',
      message: 'Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.',
    },
  );
  at += 100;
  const later = await put(Array.from({ length: 500 }, (_, i) => record(0, `later-${i}`)));
  expect(later.FailedRecordCount).toBe(400);
});

test('a shard takes 1 MiB a second of data and partition keys', async () => {
  const half = record(0, Buffer.alloc(524_288 - 1));
  expect((await put([half, half, record(0, ''), record(1, 'other shard')])).Records!.map((r) => !r.ErrorCode)).toEqual([
    true,
    true,
    false,
    true,
  ]);
  at += 500;
  expect((await put([half, record(0, '')])).Records!.map((r) => !r.ErrorCode)).toEqual([true, false]);
});

test('a shard gives 5 GetRecords calls and 2 MiB a second; what one call takes above that, later ones wait for', async () => {
  const { client } = kinesis;
  const iterator = async (shard: number) => {
    const ShardId = `shardId-00000000000${shard}`;
    const ask = new GetShardIteratorCommand({ StreamName: 's', ShardId, ShardIteratorType: 'TRIM_HORIZON' });
    return (await client.send(ask)).ShardIterator!;
  };
  const throttled = {
    name: 'ProvisionedThroughputExceededException',
    message: 'Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.',
  };
  const ShardIterator = await iterator(0);
  const get = (Limit?: number) => client.send(new GetRecordsCommand({ ShardIterator, ...(Limit && { Limit }) }));
  for (let call = 0; call < 5; call++) await get();
  await expect(get()).rejects.toMatchObject(throttled);
  await client.send(new GetRecordsCommand({ ShardIterator: await iterator(1) }));
  at += 200;
  await get();

  for (let second = 0; second < 4; second++) {
    at += 1000;
    await put([record(0, Buffer.alloc(1_048_000))]);
  }
  at += 1000;
  expect((await get()).Records).toHaveLength(4);
  at += 900;
  await expect(get()).rejects.toMatchObject(throttled);
  at += 200;
  expect((await get(1)).Records).toHaveLength(1);
});

test('an iterator expires after five minutes, and a record after its retention', async () => {
  const { client } = kinesis;
  const iterator = async (rest: object = { ShardIteratorType: 'TRIM_HORIZON' }) =>
    (
      await client.send(
        new GetShardIteratorCommand({ StreamName: 's', ShardId: 'shardId-000000000000', ...rest } as never),
      )
    ).ShardIterator!;
  const read = async (ShardIterator: string) =>
    (await client.send(new GetRecordsCommand({ ShardIterator }))).Records!.map(({ Data }) =>
      Buffer.from(Data!).toString(),
    );

  const old = await iterator();
  for (let i = 0; i < 50; i++) await put([record(0, `old-${i}`)]);
  at += 3_600_000;
  await expect(read(old)).rejects.toMatchObject({ name: 'ExpiredIteratorException' });
  await put([record(0, 'new-0'), record(0, 'new-1')]);
  expect(await read(await iterator())).toHaveLength(52);
  at += 23.5 * 3_600_000;
  expect(await read(await iterator())).toEqual(['new-0', 'new-1']);
  at += 24 * 3_600_000;
  const waiting = await iterator();
  const page = await client.send(new GetRecordsCommand({ ShardIterator: waiting }));
  expect(page.Records).toEqual([]);
  await put([record(0, 'newest')]);
  expect(await read(page.NextShardIterator!)).toEqual(['newest']);
});
