import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescribeDeliveryStreamOutput, ListDeliveryStreamsOutput } from '@aws-sdk/client-firehose';
import type { DescribeStreamSummaryOutput } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AwsCli, openAwsCli } from '@millrace/testing/aws-cli';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { needs } from '@millrace/testing/needs';
import { lakeRows } from './support/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

needs('aws-cli').describe('the AWS CLI, pointed at the embedded AWS', () => {
  let box: Sandbox;
  let cli: AwsCli;

  beforeAll(async () => {
    box = sandbox();
    const served = await box.serve(['aws', '--port', '0'], ['aws']);
    cli = await openAwsCli({ AWS_ENDPOINT_URL: served.url('aws') });
  });
  afterAll(async () => {
    await cli?.close();
    await box.remove();
  });

  /** The pipeline's delivery stream; asked once, since each call of the CLI costs CPU. */
  let described: DescribeDeliveryStreamOutput | undefined;
  const describeDelivery = async () => {
    const name = ['--delivery-stream-name', 'clickstream-to-s3'];
    described ??= await cli.json<DescribeDeliveryStreamOutput>('firehose', 'describe-delivery-stream', ...name);
    return described.DeliveryStreamDescription!;
  };

  test('describes the stream, the delivery stream and lists what there is', async () => {
    const summary = ['describe-stream-summary', '--stream-name', 'clickstream'];
    expect((await cli.json<DescribeStreamSummaryOutput>('kinesis', ...summary)).StreamDescriptionSummary).toMatchObject(
      {
        StreamName: 'clickstream',
        StreamStatus: 'ACTIVE',
        OpenShardCount: 8,
        StreamModeDetails: { StreamMode: 'PROVISIONED' },
      },
    );
    const { Destinations, ...description } = await describeDelivery();
    expect(description).toMatchObject({ DeliveryStreamStatus: 'ACTIVE', DeliveryStreamType: 'KinesisStreamAsSource' });
    expect(Destinations?.[0]?.ExtendedS3DestinationDescription).toMatchObject({
      Prefix: 'page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/',
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
      CompressionFormat: 'GZIP',
      DynamicPartitioningConfiguration: { Enabled: true },
    });
    expect(
      (await cli.json<ListDeliveryStreamsOutput>('firehose', 'list-delivery-streams')).DeliveryStreamNames,
    ).toEqual(['clickstream-to-s3']);
    expect(await cli.text('s3', 'ls')).toMatch(/millrace-lake/);
  });

  test('an event put with the CLI is delivered like any other', async () => {
    const event = someEvent();
    // Of a file's bytes, unlike of an argument, both versions of the CLI make the same.
    const file = join(box.state, 'event.json');
    writeFileSync(file, JSON.stringify(event));
    const record = ['--stream-name', 'clickstream', '--partition-key', 'v1', '--data', `fileb://${file}`];
    await cli.text('kinesis', 'put-record', ...record);
    await eventually('the row', () => lakeRows(box.state).length > 0);
    expect(lakeRows(box.state)).toEqual([event]);
    expect(await cli.text('s3', 'ls', 's3://millrace-lake/', '--recursive')).toMatch(
      /page=books\/event=clicked_review\/clickstream-to-s3-1-\S+\.gz/,
    );
  });

  test('creates and deletes a delivery stream, and shows the refusals of AWS in its words', async () => {
    const source = (await describeDelivery()).Source?.KinesisStreamSourceDescription;
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
      cli.text(
        ...['firehose', 'create-delivery-stream', '--delivery-stream-name', name],
        ...['--delivery-stream-type', 'KinesisStreamAsSource'],
        ...['--kinesis-stream-source-configuration', JSON.stringify({ KinesisStreamARN, RoleARN })],
        ...['--extended-s3-destination-configuration', destination(prefix)],
      );
    expect(await create('second', 'second/page=!{partitionKeyFromQuery:page}/')).toMatch(/deliverystream\/second/);
    await expect(create('third', 'third/')).rejects.toThrow(
      /InvalidArgumentException.*S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled/,
    );
    await expect(create('second', 'second/page=!{partitionKeyFromQuery:page}/')).rejects.toThrow(
      /ResourceInUseException/,
    );
    // As on AWS, it cannot be deleted before it is made.
    const second = ['describe-delivery-stream', '--delivery-stream-name', 'second'];
    await eventually('the second delivery stream to be active', async () => {
      const { DeliveryStreamDescription } = await cli.json<DescribeDeliveryStreamOutput>('firehose', ...second);
      return DeliveryStreamDescription?.DeliveryStreamStatus === 'ACTIVE';
    });
    await cli.text('firehose', 'delete-delivery-stream', '--delivery-stream-name', 'second');
    await expect(cli.text('firehose', 'describe-delivery-stream', '--delivery-stream-name', 'nowhere')).rejects.toThrow(
      /ResourceNotFoundException.*nowhere/,
    );
  });
});
