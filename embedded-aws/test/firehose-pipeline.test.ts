import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamCommandInput,
  DescribeDeliveryStreamCommand,
} from '@aws-sdk/client-firehose';
import { CreateStreamCommand, PutRecordsCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Aws, type Delivered, readBucket, startAws } from './firehose-aws.js';
import { destination } from './firehose-fakes.js';

const pages = ['apparel', 'books', 'electronics', 'food', 'home'];
const actions = ['liked_item', 'clicked_review'];

/** A visitor's events, in records of 40, each record to one shard by its visitor. */
function makeRecords(first: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const record = first + index;
    const visitor = `v${record % 16}`;
    const events = Array.from({ length: 40 }, (_, n) => ({
      page: pages[n % pages.length],
      event: actions[(record + n) % actions.length],
      visitor,
      seq: record * 40 + n,
    }));
    return { PartitionKey: visitor, Data: Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')) };
  });
}

let folder: string;
let aws: Aws;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-delivery-'));
  aws = await startAws(folder);
});
afterEach(async () => {
  await aws.kill();
  await rm(folder, { recursive: true, maxRetries: 3 });
});

async function createPipeline() {
  await aws.kinesis.send(new CreateStreamCommand({ StreamName: 'clicks', ShardCount: 4 }));
  await waitUntilStreamExists({ client: aws.kinesis, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1 } as never, {
    StreamName: 'clicks',
  });
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  await aws.firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'clicks-to-lake',
      DeliveryStreamType: 'KinesisStreamAsSource',
      KinesisStreamSourceConfiguration: {
        KinesisStreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
        RoleARN: 'arn:aws:iam::000000000000:role/delivery',
      },
      ExtendedS3DestinationConfiguration:
        destination as CreateDeliveryStreamCommandInput['ExtendedS3DestinationConfiguration'],
    }),
  );
  for (let status: string | undefined; status !== 'ACTIVE'; ) {
    const { DeliveryStreamDescription } = await aws.firehose.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'clicks-to-lake' }),
    );
    status = DeliveryStreamDescription!.DeliveryStreamStatus;
  }
}

async function put(records: ReturnType<typeof makeRecords>): Promise<void> {
  for (let at = 0; at < records.length; at += 100) {
    const { FailedRecordCount } = await aws.kinesis.send(
      new PutRecordsCommand({ StreamName: 'clicks', Records: records.slice(at, at + 100) }),
    );
    expect(FailedRecordCount).toBe(0);
  }
}

/** Reads the bucket until it holds `count` different events. */
async function untilDelivered(count: number): Promise<Delivered[]> {
  for (const giveUpMs = Date.now() + 45_000; ; ) {
    const objects = await readBucket(aws);
    const found = new Set(objects.flatMap(({ lines }) => lines)).size;
    if (found >= count) return objects;
    if (Date.now() > giveUpMs) throw new Error(`${found} of ${count} events were delivered.\n${aws.said()}`);
    await new Promise((wait) => setTimeout(wait, 200));
  }
}

describe('through the embedded Kinesis and S3, each with the real client', () => {
  test('what is put after ACTIVE is delivered, once, to its partition', async () => {
    await createPipeline();
    await put(makeRecords(0, 50));
    await put([{ PartitionKey: 'x', Data: Buffer.from('{"page":"books"}') }]);
    const objects = await untilDelivered(2_001);
    const good = objects.filter(({ key }) => key.startsWith('page='));
    for (const { key, lines } of good)
      for (const line of lines) {
        const { page, event } = JSON.parse(line);
        expect(key.startsWith(`page=${page}/event=${event}/clicks-to-lake-1-`)).toBe(true);
      }
    expect(good.flatMap(({ lines }) => lines)).toHaveLength(2_000);
    const [failed] = objects.filter(({ key }) => key.startsWith('errors/metadata-extraction-failed/'));
    expect(JSON.parse(failed!.lines[0]!)).toMatchObject({
      rawData: Buffer.from('{"page":"books"}').toString('base64'),
      errorMessage: 'partitionKeys values must not be null or empty',
    });
  });

  test('kill -9 again and again while events come: none is lost, every object is whole, each visitor’s events keep their order', async () => {
    await createPipeline();
    const batches = 4;
    const recordsEach = 80;
    for (let batch = 0; batch < batches; batch++) {
      await put(makeRecords(batch * recordsEach, recordsEach));
      // Somewhere between the first read and the last object of this batch: the interval is a second.
      await new Promise((wait) => setTimeout(wait, (batch * 397) % 1_500));
      await aws.kill();
      aws = await startAws(folder);
    }
    const count = batches * recordsEach * 40;
    const objects = await untilDelivered(count);
    const all = objects.flatMap(({ lines }) => lines);
    expect(new Set(all).size).toBe(count);
    // A kill repeats at most what came since the last position: here never more than what one interval and its delivery hold.
    expect(all.length).toBeLessThan(count * 2);
    for (const page of pages)
      for (const event of actions) {
        const next = new Map<string, number>();
        const firsts = new Set(
          objects.filter(({ key }) => key.startsWith(`page=${page}/event=${event}/`)).flatMap(({ lines }) => lines),
        );
        for (const line of firsts) {
          const { visitor, seq } = JSON.parse(line);
          expect(seq).toBeGreaterThan(next.get(visitor) ?? -1);
          next.set(visitor, seq);
        }
      }
  });

  test('stopped in good order it delivers what it holds, and the next start repeats nothing', async () => {
    await aws.stop();
    // An hour-long interval: nothing is delivered but by the stop.
    aws = await startAws(folder, 1 / 60);
    await createPipeline();
    await put(makeRecords(0, 20));
    await new Promise((wait) => setTimeout(wait, 1_000));
    expect(await readBucket(aws)).toEqual([]);
    await aws.stop();
    aws = await startAws(folder);
    expect((await readBucket(aws)).flatMap(({ lines }) => lines)).toHaveLength(800);
    await put(makeRecords(20, 1));
    const all = (await untilDelivered(840)).flatMap(({ lines }) => lines);
    expect(all).toHaveLength(840);
  });
});
