import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EmbeddedAws, startEmbeddedAws } from '@millrace/embedded-aws';
import { eventually } from '@millrace/testing/eventually';
import { destination } from './firehose-fakes.js';

let folder: string;
let aws: EmbeddedAws;
const log: string[] = [];
const start = async () => {
  aws = await startEmbeddedAws({ state: folder, log: (line) => log.push(line) });
  const config = { endpoint: aws.url, region: aws.region, credentials: aws.credentials };
  return { firehose: new FirehoseClient(config), s3: new S3Client({ ...config, forcePathStyle: true }) };
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-jq-'));
});
afterEach(async () => {
  await aws.stop();
  await rm(folder, { recursive: true, maxRetries: 3 });
});

const warning =
  'Data Firehose: endless: The query took more than 200 ms of processor time for the record, which was an empty one: such records go to the error prefix';

/** The delivery stream by a filter that ends for records that are not `bad`. */
const byFilter = (name: string, value: string) =>
  new CreateDeliveryStreamCommand({
    DeliveryStreamName: name,
    ExtendedS3DestinationConfiguration: {
      ...destination,
      Prefix: `${name}/page=!{partitionKeyFromQuery:page}/`,
      ErrorOutputPrefix: `errors/${name}/!{firehose:error-output-type}/`,
      CompressionFormat: 'UNCOMPRESSED',
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: 'MetadataExtraction',
            Parameters: [
              { ParameterName: 'MetadataExtractionQuery', ParameterValue: `{page:(${value})}` },
              { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
            ],
          },
          { Type: 'AppendDelimiterToRecord' },
        ],
      },
    } as ExtendedS3DestinationConfiguration,
  });

test('after a restart with a record that a filter never ends with, the endpoint answers, and the record lands in errors/', async () => {
  let { firehose, s3 } = await start();
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  const streams = { endless: 'def f: f; f', good: '.page | ascii_downcase' };
  for (const [name, value] of Object.entries(streams)) await firehose.send(byFilter(name, value));
  expect(log.filter((line) => line.includes('The query'))).toEqual([warning]);
  const put = (DeliveryStreamName: string) =>
    eventually(`${DeliveryStreamName} to take records`, () =>
      firehose
        .send(
          new PutRecordBatchCommand({
            DeliveryStreamName,
            Records: ['A', 'B'].map((page) => ({ Data: Buffer.from(JSON.stringify({ page })) })),
          }),
        )
        .then(
          ({ FailedPutCount }) => FailedPutCount === 0,
          () => false,
        ),
    );
  await put('endless');
  await aws.stop();
  for (const client of [firehose, s3]) client.destroy();

  ({ firehose, s3 } = await start());
  await put('good');
  const lines = async (prefix: string) => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: prefix }));
    const bodies = Contents.map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'lake', Key }));
      return (await Body!.transformToString()).split('\n').slice(0, -1);
    });
    return (await Promise.all(bodies)).flat().map((line) => JSON.parse(line));
  };
  const errors = await eventually('both error records', async () => {
    const found = await lines('errors/');
    return found.length >= 2 && found;
  });
  expect(errors.map(({ errorMessage }) => errorMessage)).toEqual(
    Array(2).fill('The query took more than 200 ms of processor time for the record'),
  );
  expect(errors.map(({ rawData }) => Buffer.from(rawData, 'base64').toString()).sort()).toEqual([
    '{"page":"A"}',
    '{"page":"B"}',
  ]);
  await eventually('the others', async () => (await lines('good/')).length === 2);
  await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'endless' }));
  expect(log.filter((line) => line.includes('The query'))).toEqual([warning, warning]);
  for (const client of [firehose, s3]) client.destroy();
});
