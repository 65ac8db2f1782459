import { describe, expect, test } from '@jest/globals';
import { defineCatalogue, eventErrors, lakeColumns } from '@millrace/sdk/schema';
import fc from 'fast-check';
import { definePipeline } from '../src/pipeline/definition.js';

describe('one definition of stream, bucket, delivery stream and table', () => {
  test('without settings it is the pipeline with the names that people know', () => {
    const { stream, bucket, deliveryStream, settings } = definePipeline();
    expect(stream).toEqual({
      StreamName: 'clickstream',
      ShardCount: 8,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    });
    expect(bucket).toEqual({ Bucket: 'millrace-lake' });
    expect(settings.catalogue.pages).toContain('books');
    expect(deliveryStream.DeliveryStreamName).toBe('clickstream-to-s3');
    expect(deliveryStream.DeliveryStreamType).toBe('KinesisStreamAsSource');
    expect(deliveryStream.KinesisStreamSourceConfiguration).toEqual({
      KinesisStreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/clickstream',
      RoleARN: 'arn:aws:iam::000000000000:role/millrace-delivery',
    });
  });

  test('the delivery stream partitions by page and event, takes packed records apart and writes gzip after 64 MiB or 60 s', () => {
    const s3 = definePipeline().deliveryStream.ExtendedS3DestinationConfiguration!;
    expect(s3).toMatchObject({
      BucketARN: 'arn:aws:s3:::millrace-lake',
      Prefix: 'page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/',
      ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/',
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
      CompressionFormat: 'GZIP',
      DynamicPartitioningConfiguration: { Enabled: true },
      CloudWatchLoggingOptions: {
        Enabled: true,
        LogGroupName: '/aws/kinesisfirehose/clickstream-to-s3',
        LogStreamName: 'DestinationDelivery',
      },
    });
    expect(s3.ProcessingConfiguration).toEqual({
      Enabled: true,
      Processors: [
        { Type: 'RecordDeAggregation', Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }] },
        {
          Type: 'MetadataExtraction',
          Parameters: [
            { ParameterName: 'MetadataExtractionQuery', ParameterValue: '{page:.page,event:.event}' },
            { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
          ],
        },
        { Type: 'AppendDelimiterToRecord', Parameters: [] },
      ],
    });
  });

  test('datePartition adds the day of arrival to the prefix and to the table', () => {
    const { deliveryStream, table } = definePipeline({ datePartition: true });
    expect(deliveryStream.ExtendedS3DestinationConfiguration!.Prefix).toBe(
      'page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/dt=!{timestamp:yyyy-MM-dd}/',
    );
    expect(table.PartitionKeys.map((key) => key.Name)).toEqual(['page', 'event', 'dt']);
    expect(table.Parameters['storage.location.template']).toBe(
      ['page', 'event', 'dt'].reduce((path, key) => `${path}${key}=$\{${key}}/`, 's3://millrace-lake/'),
    );
    expect(table.Parameters['projection.dt.type']).toBe('date');
  });

  test('the table has every column of the schema once, and every partition that can exist', () => {
    const catalogue = defineCatalogue({ pages: ['tools'], events: ['rented'] });
    const { table } = definePipeline({ catalogue });
    const names = [...table.StorageDescriptor.Columns, ...table.PartitionKeys].map((column) => column.Name);
    expect(names.toSorted()).toEqual(
      lakeColumns()
        .map(({ name }) => name)
        .toSorted(),
    );
    expect(table.Parameters['projection.page.values']).toBe('tools,cart,_other,_quarantine,_ledger');
    const codes = Object.keys(eventErrors).map((code) => `_${code}`);
    expect(table.Parameters['projection.event.values']).toBe(
      ['rented', 'page_view', '_other', ...codes, '_acknowledged'].join(','),
    );
  });

  test('on demand, elsewhere: no shard count, the region as a location, ARNs of that cloud', () => {
    const pipeline = definePipeline({ shards: 'on-demand', region: 'cn-north-1', accountId: '123456789012' });
    expect(pipeline.stream).toEqual({ StreamName: 'clickstream', StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
    expect(pipeline.bucket.CreateBucketConfiguration).toEqual({ LocationConstraint: 'cn-north-1' });
    expect(pipeline.deliveryStream.ExtendedS3DestinationConfiguration!.BucketARN).toBe('arn:aws-cn:s3:::millrace-lake');
  });
});

describe('wrong settings are refused by name, all at once', () => {
  test.each([
    [{ shards: 0 }, /shards: must be a number of shards/],
    [{ shards: 1.5 }, /shards/],
    [{ bucket: 'My_Lake' }, /bucket: must be 3 to 63/],
    [{ bucket: '10.0.0.1' }, /bucket/],
    [{ stream: 'a b' }, /stream: must be 1 to 128/],
    [{ region: 'Frankfurt' }, /region: must be an AWS region/],
    [{ accountId: '42' }, /accountId: must be an AWS account's 12 digits/],
    [{ bufferSizeMiB: 5 }, /bufferSizeMiB: must be at least 64/],
    [{ bufferIntervalSeconds: 1 }, /bufferIntervalSeconds: must be at least 60/],
    [{ compression: 'Snappy' as 'GZIP' }, /compression: must be GZIP or UNCOMPRESSED/],
    [{ bukket: 'x' }, /bukket/],
    [{ catalogue: { pages: ['Not A Slug'], events: [] } }, /Not A Slug/],
  ])('%j', (settings, message) => {
    expect(() => definePipeline(settings as object)).toThrow(message);
  });

  test('two wrong settings are both in the message', () => {
    expect(() => definePipeline({ shards: -1, accountId: 'x' })).toThrow(/shards: .*; accountId|accountId: .*; shards/);
  });

  test('a date partition that could pass 500 active partitions over midnight is refused with the count', () => {
    const names = (count: number, letter: string) => Array.from({ length: count }, (_, index) => `${letter}${index}`);
    const catalogue = defineCatalogue({ pages: names(15, 'p'), events: names(17, 'e') });
    expect(definePipeline({ catalogue }).settings.datePartition).toBe(false);
    expect(() => definePipeline({ catalogue, datePartition: true })).toThrow(/2 × 3\d\d/);
  });

  test('any catalogue that is accepted spans partitions that the table lists, each once', () => {
    const slug = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
    fc.assert(
      fc.property(fc.array(slug, { maxLength: 12 }), fc.array(slug, { maxLength: 12 }), (pages, events) => {
        const { table } = definePipeline({ catalogue: { pages, events } });
        for (const [key, declared] of [['page', pages] as const, ['event', events] as const]) {
          const values = table.Parameters[`projection.${key}.values`]!.split(',');
          expect(new Set(values).size).toBe(values.length);
          for (const name of declared) expect(values).toContain(name);
        }
      }),
      { numRuns: 50 },
    );
  });
});
