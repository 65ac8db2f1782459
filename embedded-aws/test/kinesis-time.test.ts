import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  PutRecordCommand,
} from '@aws-sdk/client-kinesis';
import { expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { noLimits, startKinesis } from './kinesis-support.js';

test(`AT_TIMESTAMP and the trim horizon find by time exactly the records that a scan of all finds, however unevenly they came${leavesOut('6 of 40 runs')}`, async () => {
  const second = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 999 }), fc.integer({ min: 1_000, max: 3_000_000 }));
  const history = fc.array(fc.record({ wait: second, shard: fc.nat(2) }), { minLength: 1, maxLength: 40 });
  const begin = Date.now();
  let at = begin;
  let streams = 0;
  const kinesis = await startKinesis({ ...noLimits, now: () => at });
  const { client } = kinesis;
  const dayMs = 86_400_000;

  const read = async (StreamName: string, shard: number, rest: object) => {
    const ShardId = `shardId-00000000000${shard}`;
    const ask = new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'AT_TIMESTAMP', ...rest });
    const { ShardIterator } = await client.send(ask);
    const page = await client.send(new GetRecordsCommand({ ShardIterator: ShardIterator! }));
    return page.Records!.map(({ Data }) => Buffer.from(Data!).toString());
  };

  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: -1, max: 1 })), { maxLength: 4 }),
      async (steps, looks) => {
        at = begin;
        const StreamName = `s${++streams}`;
        await client.send(new CreateStreamCommand({ StreamName, ShardCount: 3 }));
        const put: { at: number; shard: number; data: string }[] = [];
        for (const [i, { wait, shard }] of steps.entries()) {
          at += wait;
          put.push({ at, shard, data: `${i}` });
          const ExplicitHashKey = String(((1n << 128n) / 3n) * BigInt(shard) + 5n);
          await client.send(
            new PutRecordCommand({ StreamName, PartitionKey: 'p', ExplicitHashKey, Data: Buffer.from(`${i}`) }),
          );
        }
        at += 5_000;
        const end = at;
        for (const [which, offsetMs] of looks) {
          const moment = put[which % put.length]!.at + offsetMs;
          for (const shard of [0, 1, 2]) {
            const own = put.filter((record) => record.shard === shard);
            at = end;
            expect(await read(StreamName, shard, { Timestamp: new Date(moment) })).toEqual(
              own.filter((record) => record.at >= moment).map(({ data }) => data),
            );
            // The retention counts whole seconds.
            at = moment + dayMs;
            expect(await read(StreamName, shard, { ShardIteratorType: 'TRIM_HORIZON' })).toEqual(
              own.filter((record) => Math.floor(record.at / 1000) >= Math.floor(moment / 1000)).map(({ data }) => data),
            );
          }
        }
      },
    ),
    { numRuns: inForm(6, 40) },
  );
  await kinesis.stop();
});
