import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose';
import { CreateStreamCommand, DescribeStreamSummaryCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsCli, openAwsCli } from '@millrace/testing/aws-cli';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { kinesisClient } from '@millrace/testing/kinesis-client';
import { needs } from '@millrace/testing/needs';
import { cbor, dateToTag } from '@smithy/core/cbor';
import { createMetricStore, type Metric } from '../src/cloudwatch/metric-store.js';
import { cloudWatchOperations } from '../src/cloudwatch/operations.js';
import { prometheusText } from '../src/cloudwatch/prometheus.js';
import { createErrorLog, s3Failure } from '../src/firehose/error-log.js';
import { type EmbeddedAws, startEmbeddedAws } from '../src/index.js';
import { destination } from './firehose-fakes.js';

describe('the metrics of the embedded Data Firehose', () => {
  let aws: EmbeddedAws;
  let cli: AwsCli | undefined;
  let state: string;
  let url: string;
  const target = (operation: string) => `GraniteServiceVersion20100801.${operation}`;
  const config = () => ({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'millrace-metrics-'));
    aws = await startEmbeddedAws({ state, port: 0, timeScale: 30, log: () => {} });
    url = aws.url;
    const kinesis = kinesisClient(url);
    const s3 = new S3Client({ ...config(), forcePathStyle: true });
    const firehose = new FirehoseClient(config());
    await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
    await kinesis.send(new CreateStreamCommand({ StreamName: 'clickstream', ShardCount: 1 }));
    const StreamName = 'clickstream';
    await eventually('the stream to be ACTIVE', async () => {
      const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
      return StreamDescriptionSummary?.StreamStatus === 'ACTIVE';
    });
    await firehose.send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: 'clickstream-to-s3',
        DeliveryStreamType: 'KinesisStreamAsSource',
        KinesisStreamSourceConfiguration: {
          KinesisStreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`,
          RoleARN: destination.RoleARN,
        },
        ExtendedS3DestinationConfiguration: destination as ExtendedS3DestinationConfiguration,
      }),
    );
    const Records = Array.from({ length: 100 }, (_, seq) => ({
      PartitionKey: String(seq),
      Data: Buffer.from(JSON.stringify(someEvent({ seq }))),
    }));
    await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    for (const client of [kinesis, s3, firehose]) client.destroy();
    await eventually('the delivery of all of them', async () =>
      /^aws_firehose_delivery_to_s3_records_total\{delivery_stream_name="clickstream-to-s3"\} 100$/m.test(
        await metrics(),
      ),
    );
  });
  afterAll(async () => {
    await cli?.close();
    await aws.stop();
    await rm(state, { recursive: true, force: true });
  });

  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const askJson = async (operation: string, body: object) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'x-amz-target': target(operation), 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  const query = (MetricName: string, Stat: string) => ({
    MetricDataQueries: [
      {
        Id: 'q',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/Firehose',
            MetricName,
            Dimensions: [{ Name: 'DeliveryStreamName', Value: 'clickstream-to-s3' }],
          },
          Period: 86_400,
          Stat,
        },
      },
    ],
  });
  const hours = () => ({ StartTime: Date.now() / 1000 - 2 * 86_400, EndTime: Date.now() / 1000 + 60 });
  const sumOf = async (name: string, stat = 'Sum') => {
    const { MetricDataResults } = (await askJson('GetMetricData', { ...query(name, stat), ...hours() })) as {
      MetricDataResults: { Values: number[] }[];
    };
    return MetricDataResults[0]!.Values.reduce((sum, value) => sum + value, 0);
  };

  test('are served at /metrics, named after those of AWS', async () => {
    const text = await metrics();
    expect(text).toMatch(
      /^# HELP aws_firehose_delivery_to_s3_records_total AWS\/Firehose DeliveryToS3\.Records \(Count\)$/m,
    );
    expect(text).toMatch(/^aws_firehose_data_read_from_kinesis_stream_records_total\{.*\} 100$/m);
    expect(text).toMatch(/^aws_firehose_partition_count\{.*\} \d+$/m);
    expect(text).toMatch(/^aws_firehose_kinesis_millis_behind_latest\{.*\} \d+$/m);
  });

  test('are CloudWatch metrics: in JSON', async () => {
    expect(await sumOf('DeliveryToS3.Records')).toBe(100);
    expect(await sumOf('DataReadFromKinesisStream.Records')).toBe(100);
    expect(await sumOf('DeliveryToS3.Success', 'Minimum')).toBe(1);
    expect(await sumOf('PartitionCountExceeded')).toBe(0);
    expect(await sumOf('DeliveryToS3.ObjectCount')).toBe(await sumOf('PerPartitionThroughput', 'SampleCount'));
    expect(await sumOf('NoSuchMetric')).toBe(0);
    const { Metrics } = (await askJson('ListMetrics', { Namespace: 'AWS/Firehose' })) as { Metrics: object[] };
    expect(Metrics).toContainEqual({
      Namespace: 'AWS/Firehose',
      MetricName: 'DeliveryToS3.DataFreshness',
      Dimensions: [{ Name: 'DeliveryStreamName', Value: 'clickstream-to-s3' }],
    });
  });

  test('and in CBOR, with times as times', async () => {
    const ask = async (operation: string, body: object) => {
      const answer = await fetch(`${url}/service/GraniteServiceVersion20100801/operation/${operation}`, {
        method: 'POST',
        headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
        body: Buffer.from(cbor.serialize(body)),
      });
      return { status: answer.status, body: cbor.deserialize(new Uint8Array(await answer.arrayBuffer())) as never };
    };
    const time = (ms: number) => dateToTag(new Date(ms));
    const { body } = await ask('GetMetricStatistics', {
      Namespace: 'AWS/Firehose',
      MetricName: 'DeliveryToS3.Records',
      Dimensions: [{ Name: 'DeliveryStreamName', Value: 'clickstream-to-s3' }],
      StartTime: time(Date.now() - 2 * 86_400_000),
      EndTime: time(Date.now() + 60_000),
      Period: 86_400,
      Statistics: ['Sum', 'SampleCount'],
    });
    expect(body).toMatchObject({
      Label: 'DeliveryToS3.Records',
      // Two of them when midnight came between.
      Datapoints: expect.arrayContaining([
        expect.objectContaining({ Timestamp: expect.objectContaining({ tag: 1 }), Unit: 'Count' }),
      ]),
    });
    expect(await ask('PutDashboard', {})).toMatchObject({
      status: 400,
      body: {
        __type: 'com.amazonaws.cloudwatch#UnknownOperationException',
        message: expect.stringMatching(/PutDashboard.*GetMetricData/),
      },
    });
  });

  needs('aws-cli').test('and to the AWS CLI', async () => {
    cli = await openAwsCli({ AWS_ENDPOINT_URL: url });
    const aws = (...args: string[]) => cli!.json<Record<string, unknown>>('cloudwatch', ...args);
    const hour = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000).toISOString();
    const end = new Date(Date.now() + 60_000).toISOString();
    const span = ['--start-time', hour, '--end-time', end];
    const { Datapoints } = await aws(
      ...['get-metric-statistics', '--namespace', 'AWS/Firehose', '--metric-name', 'DeliveryToS3.Records'],
      ...[
        '--dimensions',
        'Name=DeliveryStreamName,Value=clickstream-to-s3',
        '--period',
        '86400',
        '--statistics',
        'Sum',
      ],
      ...span,
    );
    expect((Datapoints as { Sum: number }[]).reduce((sum, { Sum }) => sum + Sum, 0)).toBe(100);
    const data = await aws(
      ...[
        'get-metric-data',
        '--metric-data-queries',
        JSON.stringify(query('DeliveryToS3.Records', 'Sum').MetricDataQueries),
      ],
      ...span,
    );
    expect(data.MetricDataResults).toMatchObject([{ Id: 'q', StatusCode: 'Complete' }]);
    expect((await aws('list-metrics', '--metric-name', 'PartitionCount')).Metrics).toHaveLength(1);
  });

  test('a bucket that is called metrics is still a bucket to whoever signs', async () => {
    const answer = await fetch(`${url}/metrics`, { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=test' } });
    expect(await answer.text()).toMatch(/NoSuchBucket/);
  });

  test('what is refused to a put is not counted as taken', async () => {
    const client = new FirehoseClient(config());
    const Records = [{ Data: Buffer.from(JSON.stringify(someEvent())) }];
    await expect(
      client.send(new PutRecordBatchCommand({ DeliveryStreamName: 'clickstream-to-s3', Records })),
    ).rejects.toThrow(/not permitted/);
    expect(await sumOf('IncomingRecords')).toBe(0);
    client.destroy();
  });
});

describe('the metric store', () => {
  const metric: Metric = {
    namespace: 'AWS/Firehose',
    name: 'DeliveryToS3.Bytes',
    dimensions: { DeliveryStreamName: 'a"b' },
  };

  test('summarises by the period, and forgets what is older than it keeps', () => {
    let now = 3_600_000;
    const store = createMetricStore(() => now);
    for (const value of [1, 2, 3]) store.add(metric, 'Bytes', value);
    now += 60_000;
    store.add(metric, 'Bytes', 10);
    expect(store.periods(metric, 0, now + 1, 60_000)).toEqual([
      { startMs: 3_600_000, count: 3, sum: 6, min: 1, max: 3 },
      { startMs: 3_660_000, count: 1, sum: 10, min: 10, max: 10 },
    ]);
    expect(store.periods(metric, 0, now + 1, 3_600_000)).toEqual([
      { startMs: 3_600_000, count: 4, sum: 16, min: 1, max: 10 },
    ]);
    expect(store.periods(metric, 3_600_001, now + 1, 3_600_000)).toEqual([]);
    now += 10 * 3_600_000;
    store.add(metric, 'Bytes', 5);
    expect(store.periods(metric, 0, now + 1, 60_000)).toHaveLength(1);
    expect(prometheusText(store.list())).toMatch(
      /^aws_firehose_delivery_to_s3_bytes_total\{delivery_stream_name="a\\"b"\} 21$/m,
    );
  });

  test.each([
    [{ StartTime: 5, EndTime: 5 }, /StartTime must be less/],
    [{ Period: 61 }, /multiple of 60/],
    [{ StartTime: 'soon' }, /must be a time/],
    [{ Statistics: ['p99'] }, /Statistics/],
    [{ ExtendedStatistics: ['p99'] }, /not supported here: ExtendedStatistics/],
  ])('refuses %j', (change, message) => {
    const ask = {
      Namespace: 'n',
      MetricName: 'm',
      StartTime: 0,
      EndTime: 5,
      Period: 60,
      Statistics: ['Sum'],
      ...change,
    };
    expect(() => cloudWatchOperations(createMetricStore())('GetMetricStatistics', ask)).toThrow(message);
  });
});

test('what S3 refuses is logged in the shape of AWS, once for each code, where logging is enabled', () => {
  const said: string[] = [];
  const stream = { deliveryStream: 'to-lake', destination: 'arn:aws:s3:::lake', version: 3 };
  const errors = createErrorLog(stream, { Enabled: true, LogGroupName: '/g', LogStreamName: 's' }, (line) =>
    said.push(line),
  );
  const missing = Object.assign(new Error('The specified bucket does not exist'), { name: 'NoSuchBucket' });
  for (let n = 0; n < 3; n++) errors.log(...s3Failure(missing));
  errors.reset();
  errors.log(...s3Failure(missing));
  expect(said).toHaveLength(2);
  const [, json] = /^\/g s (.*)$/.exec(said[0]!)!;
  expect(JSON.parse(json!)).toEqual({
    deliveryStreamARN: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/to-lake',
    destination: 'arn:aws:s3:::lake',
    deliveryStreamVersionId: 3,
    message: 'The specified bucket does not exist. Create the bucket or use a different bucket that does exist.',
    errorCode: 'S3.NoSuchBucket',
  });
  createErrorLog(stream, { Enabled: false }, (line) => said.push(line)).log(...s3Failure(missing));
  expect(said).toHaveLength(2);
});
