import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescribeDeliveryStreamOutput, ListDeliveryStreamsOutput } from '@aws-sdk/client-firehose';
import type { DescribeStreamSummaryOutput } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { needs } from '@millrace/testing/needs';
import { lakeRows } from './support/lake.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';

needs('aws-cli').describe('the AWS CLI, pointed at the embedded AWS', () => {
  let box: Sandbox;
  let served: Served;

  beforeAll(async () => {
    box = sandbox();
    served = await box.serve(['aws', '--port', '0'], ['aws']);
  });
  afterAll(() => box.remove());

  /** Runs the AWS CLI; a refusal is an Error with its words. */
  const aws = (...args: string[]): string => {
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL: served.url('aws'),
      AWS_REGION: 'us-east-1',
      // The name that version 1 reads.
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_PAGER: '',
    };
    const { status, stdout, stderr } = spawnSync('aws', args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  const json = <Answer>(...args: string[]) => JSON.parse(aws(...args, '--output', 'json')) as Answer;

  /** The pipeline's delivery stream; asked once, since each start of the CLI costs half a second of CPU. */
  let described: DescribeDeliveryStreamOutput | undefined;
  const describeDelivery = () => {
    const name = ['--delivery-stream-name', 'clickstream-to-s3'];
    described ??= json<DescribeDeliveryStreamOutput>('firehose', 'describe-delivery-stream', ...name);
    return described.DeliveryStreamDescription!;
  };

  test('describes the stream, the delivery stream and lists what there is', () => {
    expect(
      json<DescribeStreamSummaryOutput>('kinesis', 'describe-stream-summary', '--stream-name', 'clickstream')
        .StreamDescriptionSummary,
    ).toMatchObject({
      StreamName: 'clickstream',
      StreamStatus: 'ACTIVE',
      OpenShardCount: 8,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    });
    const { Destinations, ...description } = describeDelivery();
    expect(description).toMatchObject({ DeliveryStreamStatus: 'ACTIVE', DeliveryStreamType: 'KinesisStreamAsSource' });
    expect(Destinations?.[0]?.ExtendedS3DestinationDescription).toMatchObject({
      Prefix: 'page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/',
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
      CompressionFormat: 'GZIP',
      DynamicPartitioningConfiguration: { Enabled: true },
    });
    expect(json<ListDeliveryStreamsOutput>('firehose', 'list-delivery-streams').DeliveryStreamNames).toEqual([
      'clickstream-to-s3',
    ]);
    expect(aws('s3', 'ls')).toMatch(/millrace-lake/);
  });

  test('an event put with the CLI is delivered like any other', async () => {
    const event = someEvent();
    // Of a file's bytes, unlike of an argument, both versions of the CLI make the same.
    const file = join(box.state, 'event.json');
    writeFileSync(file, JSON.stringify(event));
    const record = ['--stream-name', 'clickstream', '--partition-key', 'v1', '--data', `fileb://${file}`];
    aws('kinesis', 'put-record', ...record);
    await eventually('the row', () => lakeRows(box.state).length > 0);
    expect(lakeRows(box.state)).toEqual([event]);
    expect(aws('s3', 'ls', 's3://millrace-lake/', '--recursive')).toMatch(
      /page=books\/event=clicked_review\/clickstream-to-s3-1-\S+\.gz/,
    );
  });

  test('creates and deletes a delivery stream, and shows the refusals of AWS in its words', () => {
    const source = describeDelivery().Source?.KinesisStreamSourceDescription;
    const { KinesisStreamARN, RoleARN } = source ?? {};
    const destination = (prefix: string) =>
      JSON.stringify({
        RoleARN,
        BucketARN: 'arn:aws:s3:::millrace-lake',
        Prefix: prefix,
        ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
        DynamicPartitioningConfiguration: { Enabled: true },
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [
            {
              Type: 'MetadataExtraction',
              Parameters: [
                { ParameterName: 'MetadataExtractionQuery', ParameterValue: '{page:.page}' },
                { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
              ],
            },
          ],
        },
      });
    const create = (name: string, prefix: string) =>
      aws(
        ...['firehose', 'create-delivery-stream', '--delivery-stream-name', name],
        ...['--delivery-stream-type', 'KinesisStreamAsSource'],
        ...['--kinesis-stream-source-configuration', JSON.stringify({ KinesisStreamARN, RoleARN })],
        ...['--extended-s3-destination-configuration', destination(prefix)],
      );
    expect(create('second', 'second/page=!{partitionKeyFromQuery:page}/')).toMatch(/deliverystream\/second/);
    expect(() => create('third', 'third/')).toThrow(
      /InvalidArgumentException.*S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled/,
    );
    expect(() => create('second', 'second/page=!{partitionKeyFromQuery:page}/')).toThrow(/ResourceInUseException/);
    aws('firehose', 'delete-delivery-stream', '--delivery-stream-name', 'second');
    expect(() => aws('firehose', 'describe-delivery-stream', '--delivery-stream-name', 'nowhere')).toThrow(
      /ResourceNotFoundException.*nowhere/,
    );
  });
});
