import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  PutRecordBatchCommand,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { type Aws, readBucket, startAws } from './firehose-aws.js';
import { destination } from './firehose-fakes.js';

const DeliveryStreamName = 'to-lake';
let folder: string;
let aws: Aws;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-retry-'));
  aws = await startAws(folder);
});
afterEach(async () => {
  await aws.kill();
  await rm(folder, { recursive: true, maxRetries: 3 });
});

const describeStream = async () =>
  (await aws.firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))).DeliveryStreamDescription!;

/** A delivery stream into a bucket that is not there, with ten records that were acknowledged. */
async function putWithoutBucket(): Promise<void> {
  await aws.firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName,
      ExtendedS3DestinationConfiguration: {
        ...destination,
        DynamicPartitioningConfiguration: { Enabled: true, RetryOptions: { DurationInSeconds: 1 } },
      } as ExtendedS3DestinationConfiguration,
    }),
  );
  await eventually('ACTIVE', async () => (await describeStream()).DeliveryStreamStatus === 'ACTIVE');
  const Records = Array.from({ length: 10 }, (_, n) => ({
    Data: Buffer.from(JSON.stringify({ page: `p${n % 3}`, event: 'liked_item', n })),
  }));
  const { FailedPutCount } = await aws.firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }));
  expect(FailedPutCount).toBe(0);
  await eventually('the end of the retry duration', () =>
    aws.said().includes('within the retry duration of 1 s (NoSuchBucket'),
  );
}

const deliveredTo = (bucket: string) => async () => {
  const lines = (await readBucket(aws, bucket)).flatMap((object) => object.lines);
  return lines.length === 10 && lines.map((line) => (JSON.parse(line) as { n: number }).n).sort((a, b) => a - b);
};
const all = Array.from({ length: 10 }, (_, n) => n);

test('what S3 did not take within the retry duration survives a kill -9, and is in the bucket once when that is made', async () => {
  await putWithoutBucket();
  await aws.kill();
  aws = await startAws(folder);
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  expect(await eventually('all ten', deliveredTo('lake'))).toEqual(all);
});

test('UpdateDestination gives what S3 did not take within the retry duration a bucket that is there', async () => {
  await putWithoutBucket();
  const { VersionId, Destinations } = await describeStream();
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'other' }));
  await aws.firehose.send(
    new UpdateDestinationCommand({
      DeliveryStreamName,
      CurrentDeliveryStreamVersionId: VersionId!,
      DestinationId: Destinations![0]!.DestinationId!,
      ExtendedS3DestinationUpdate: { BucketARN: 'arn:aws:s3:::other' },
    }),
  );
  expect(await eventually('all ten', deliveredTo('other'))).toEqual(all);
});
