import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type CreateRequest, parseRequest } from '../src/firehose/api/request-model.js';
import { rules, validateCreation } from '../src/firehose/api/validation.js';
import type { ExtendedS3Destination } from '../src/firehose/config/destination-shape.js';
import { destination } from './firehose-fakes.js';

const source = {
  KinesisStreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
  RoleARN: 'arn:aws:iam::000000000000:role/delivery',
};

const request = (change: Partial<ExtendedS3Destination> = {}, top: Record<string, unknown> = {}) => ({
  DeliveryStreamName: 'to-lake',
  DeliveryStreamType: 'KinesisStreamAsSource',
  KinesisStreamSourceConfiguration: source,
  ExtendedS3DestinationConfiguration: { ...destination, ...change },
  ...top,
});

/** The processors of the pipeline, with one's parameters changed, or with others instead. */
type Processors = NonNullable<NonNullable<ExtendedS3Destination['ProcessingConfiguration']>['Processors']>;
const [deaggregation, extraction, delimiter] = destination.ProcessingConfiguration!.Processors as [
  Processors[0],
  Processors[0],
  Processors[0],
];
const processing = (...Processors: Processors) => ({ ProcessingConfiguration: { Enabled: true, Processors } });
const query = (ParameterValue: string, engine = 'JQ-1.6'): Processors[0] => ({
  Type: 'MetadataExtraction',
  Parameters: [
    { ParameterName: 'MetadataExtractionQuery', ParameterValue },
    { ParameterName: 'JsonParsingEngine', ParameterValue: engine },
  ],
});
const split = (type: string, ...more: NonNullable<Processors[0]['Parameters']>): Processors[0] => ({
  Type: 'RecordDeAggregation',
  Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: type }, ...more],
});
const lambda: Processors[0] = {
  Type: 'Lambda',
  Parameters: [
    { ParameterName: 'LambdaArn', ParameterValue: 'arn:aws:lambda:us-east-1:000000000000:function:transform' },
  ],
};
const conversion = ({ Serializer = {}, Deserializer = {} }: { Serializer?: object; Deserializer?: object }) => ({
  CompressionFormat: 'UNCOMPRESSED' as const,
  DataFormatConversionConfiguration: {
    SchemaConfiguration: { RoleARN: destination.RoleARN, DatabaseName: 'd', TableName: 't' },
    InputFormatConfiguration: {
      Deserializer: Object.keys(Deserializer).length > 0 ? Deserializer : { OpenXJsonSerDe: {} },
    },
    OutputFormatConfiguration: { Serializer },
  },
});
const plain = { DynamicPartitioningConfiguration: { Enabled: false }, Prefix: 'raw/', ErrorOutputPrefix: 'errors/' };

const refuse = async (body: unknown) => {
  try {
    await validateCreation(parseRequest('CreateDeliveryStream', body) as CreateRequest);
  } catch (error) {
    return error as Error;
  }
  throw new Error('It was not refused.');
};

/** For each rule, the smallest change of the pipeline's own configuration that breaks it. */
const breaks: Record<string, unknown> = {
  'an encryption of its own is for Direct PUT only': request(
    {},
    { DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' } },
  ),
  'buffering hints come both or not at all': request({ BufferingHints: { SizeInMBs: 64 } }),
  'dynamic partitioning buffers 64 MiB at least': request({ BufferingHints: { SizeInMBs: 63, IntervalInSeconds: 60 } }),
  'dynamic partitioning buffers 60 seconds at least': request({
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 59 },
  }),
  'one to five processors': request(processing()),
  'one Lambda processor': request(processing(extraction, lambda, lambda)),
  'a Lambda processor has a function': request(processing(extraction, { Type: 'Lambda', Parameters: [] })),
  'Lambda gets 0.2 to 3 MB a call, in 0 to 900 seconds, with up to 300 retries': request(
    processing(extraction, {
      Type: 'Lambda',
      Parameters: [...lambda.Parameters!, { ParameterName: 'NumberOfRetries', ParameterValue: '301' }],
    }),
  ),
  'one MetadataExtraction processor': request(processing(extraction, extraction)),
  'dynamic partitioning needs processing': request({ ProcessingConfiguration: { Enabled: false } }),
  'key extraction is for dynamic partitioning': request({ ...plain, ...processing(extraction) }),
  'de-aggregation is for dynamic partitioning': request({ ...plain, ...processing(deaggregation) }),
  'JSON or delimited sub-records': request(processing(split('XML'), extraction)),
  'delimited sub-records have a delimiter': request(processing(split('DELIMITED'), extraction)),
  'a delimiter in base64': request(
    processing(split('DELIMITED', { ParameterName: 'Delimiter', ParameterValue: '####' }), extraction),
  ),
  'keys are extracted by JQ-1.6': request(processing(query('{page:.page,event:.event}', 'JQ-1.7'))),
  'keys are extracted by a query': request(
    processing({
      Type: 'MetadataExtraction',
      Parameters: [{ ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' }],
    }),
  ),
  'a prefix with partition keys under dynamic partitioning': request({ Prefix: 'data/!{timestamp:yyyy}/' }),
  'partition keys under dynamic partitioning only': request({
    ...plain,
    ...processing(delimiter),
    Prefix: '!{partitionKeyFromQuery:page}/',
  }),
  'no partition keys in the error prefix': request({
    ErrorOutputPrefix: '!{firehose:error-output-type}/!{partitionKeyFromQuery:page}/',
  }),
  'keys from the query need MetadataExtraction': request(processing(deaggregation)),
  'keys from Lambda need Lambda': request({ Prefix: `${destination.Prefix}!{partitionKeyFromLambda:x}/` }),
  'every key of the query is in the prefix': request(processing(query('{page:.page,event:.event,os:.os}'))),
  'every key of the prefix is in the query': request(processing(query('{page:.page}'))),
  'expressions in the prefix need an error prefix': request({ ErrorOutputPrefix: '' }),
  'expressions in the error prefix include the error type': request({ ErrorOutputPrefix: 'errors/!{timestamp:yyyy}/' }),
  'no error type in the prefix': request({ Prefix: `${destination.Prefix}!{firehose:error-output-type}/` }),
  'an evaluated prefix has a length': request({ Prefix: `${destination.Prefix}${'x'.repeat(520)}` }),
  'a time zone that is known': request({ CustomTimeZone: 'EST5' }),
  'conversion writes its own compression': request({ DataFormatConversionConfiguration: { Enabled: true } }),
  'conversion buffers 64 MiB at least': request({
    ...plain,
    ...processing(delimiter),
    CompressionFormat: 'UNCOMPRESSED',
    BufferingHints: { SizeInMBs: 63, IntervalInSeconds: 60 },
    DataFormatConversionConfiguration: { Enabled: true },
  }),
  'conversion has a table, a deserializer and a serializer': request(conversion({ Serializer: {} })),
  'no expressions but those of time in the prefix of a backup': request({
    S3BackupMode: 'Enabled',
    S3BackupConfiguration: {
      RoleARN: destination.RoleARN,
      BucketARN: destination.BucketARN,
      Prefix: '!{partitionKeyFromQuery:page}/',
    },
  }),
  'a backup needs a place': request({ S3BackupMode: 'Enabled' }),
};

describe('what Firehose refuses is refused, in its words', () => {
  test('the pipeline’s own configuration is taken', async () => {
    await expect(validateCreation(parseRequest('CreateDeliveryStream', request()))).resolves.toMatchObject({
      Prefix: destination.Prefix,
    });
  });

  test('docs/embedded-aws.md says how many rules there are', () => {
    const page = readFileSync(new URL('../../../docs/embedded-aws.md', import.meta.url), 'utf8');
    expect(page).toContain(`a table of ${rules.length} rules`);
  });

  test.each(rules)('$rule: $message', async ({ rule, message }) => {
    expect(breaks).toHaveProperty([rule]);
    const error = await refuse(breaks[rule]);
    expect([error.name, error.message]).toEqual(['InvalidArgumentException', message]);
  });

  test.each<[string, Partial<ExtendedS3Destination>, string]>([
    ['a stray expression', { Prefix: 'a!{b' }, 'Invalid expression usage'],
    [
      'an unknown namespace',
      { Prefix: 'page= !{partitionkeyFromQuery: page}/event= !{partitionkeyFromQuery: event}/' },
      'Namespace to the left of colon (partitionkeyFromQuery) is an invalid keyword!',
    ],
    [
      'a letter that times do not have',
      { ErrorOutputPrefix: '!{firehose:error-output-type}/!{timestamp:yyyyT}/' },
      'Invalid conversion character used in the value of the expression in Prefix',
    ],
  ])('%s', async (_, change, message) => {
    const error = await refuse(request(change));
    expect([error.name, error.message]).toEqual(['InvalidArgumentException', message]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      'no destination',
      { ExtendedS3DestinationConfiguration: undefined },
      'Exactly one destination configuration is supported for a Firehose',
    ],
    [
      'two destinations',
      { S3DestinationConfiguration: {} },
      'Exactly one destination configuration is supported for a Firehose',
    ],
    [
      'no source',
      { KinesisStreamSourceConfiguration: undefined },
      'KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.',
    ],
  ])('%s', async (_, top, message) => {
    const error = await refuse(request({}, top));
    expect([error.name, error.message]).toEqual(['InvalidArgumentException', message]);
  });

  test.each<[string, Partial<ExtendedS3Destination>, RegExp]>([
    ['a query that is no jq', processing(query('{page:.page,event:.event')), /JQ Query is not valid: .*syntax error/],
    [
      'a query that reads on',
      processing(query('{page:input,event:.event}')),
      /JQ Query is not valid: input has no meaning/,
    ],
  ])('%s', async (_, change, message) => {
    const error = await refuse(request(change));
    expect(error.name).toBe('InvalidArgumentException');
    expect(error.message).toMatch(message);
  });
});

describe('the shape of a request', () => {
  test.each<[string, unknown, string, string]>([
    [
      'compression that does not exist',
      request({ CompressionFormat: 'BROTLI' as 'GZIP' }),
      'ValidationException',
      "1 validation error detected: Value 'BROTLI' at 'extendedS3DestinationConfiguration.compressionFormat' failed to satisfy constraint: Member must satisfy enum value set: [ZIP, HADOOP_SNAPPY, Snappy, GZIP, UNCOMPRESSED]",
    ],
    [
      'a name with a slash',
      request({}, { DeliveryStreamName: 'a/b' }),
      'ValidationException',
      "1 validation error detected: Value 'a/b' at 'deliveryStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    ],
    [
      'no name and a size past the maximum',
      request({ BufferingHints: { SizeInMBs: 129, IntervalInSeconds: 60 } }, { DeliveryStreamName: undefined }),
      'ValidationException',
      "2 validation errors detected: Value null at 'deliveryStreamName' failed to satisfy constraint: Member must not be null; Value '129' at 'extendedS3DestinationConfiguration.bufferingHints.sizeInMBs' failed to satisfy constraint: Member must have value less than or equal to 128",
    ],
    [
      'a processor that does not exist',
      request({ ProcessingConfiguration: { Enabled: true, Processors: [{ Type: 'Magic' as 'Lambda' }] } }),
      'ValidationException',
      "1 validation error detected: Value 'Magic' at 'extendedS3DestinationConfiguration.processingConfiguration.processors.1.member.type' failed to satisfy constraint: Member must satisfy enum value set: [RecordDeAggregation, Decompression, CloudWatchLogProcessing, Lambda, MetadataExtraction, AppendDelimiterToRecord]",
    ],
    [
      'a number for a name',
      request({}, { DeliveryStreamName: 7 }),
      'SerializationException',
      'deliveryStreamName must be of type string.',
    ],
    [
      'a setting that is not known here',
      request({ Prefixx: 'a' } as never),
      'ValidationException',
      "1 validation error detected: Prefixx in 'extendedS3DestinationConfiguration' is not known to this Data Firehose",
    ],
  ])('%s', async (_, body, name, message) => {
    const error = await refuse(body);
    expect([error.name, error.message]).toEqual([name, message]);
  });
});

describe('what Firehose takes and this does not carry out is refused by its name, never left out', () => {
  const settings: [string, Partial<ExtendedS3Destination>, Record<string, unknown>?][] = [
    ['KMSEncryptionConfig', { EncryptionConfiguration: { KMSEncryptionConfig: { AWSKMSKeyARN: 'arn:aws:kms:x' } } }],
    ['OrcSerDe', conversion({ Serializer: { OrcSerDe: {} } })],
    ['WriterVersion of ParquetSerDe', conversion({ Serializer: { ParquetSerDe: { WriterVersion: 'V2' } } })],
    [
      'TimestampFormats of HiveJsonSerDe',
      conversion({ Serializer: { ParquetSerDe: {} }, Deserializer: { HiveJsonSerDe: { TimestampFormats: ['yyyy'] } } }),
    ],
    ['processor Decompression', processing(extraction, { Type: 'Decompression' })],
    ['processor CloudWatchLogProcessing', processing(extraction, { Type: 'CloudWatchLogProcessing' })],
    ['!{timestamp:w}', { Prefix: `${destination.Prefix}!{timestamp:w}/` }],
    [
      'DeliveryStreamType MSKAsSource',
      {},
      { DeliveryStreamType: 'MSKAsSource', KinesisStreamSourceConfiguration: undefined },
    ],
    [
      'DeliveryStreamType DatabaseAsSource',
      {},
      { DeliveryStreamType: 'DatabaseAsSource', KinesisStreamSourceConfiguration: undefined },
    ],
    [
      'HttpEndpointDestinationConfiguration',
      {},
      { ExtendedS3DestinationConfiguration: undefined, HttpEndpointDestinationConfiguration: {} },
    ],
    [
      'RedshiftDestinationConfiguration',
      {},
      { ExtendedS3DestinationConfiguration: undefined, RedshiftDestinationConfiguration: {} },
    ],
    [
      'S3DestinationConfiguration',
      {},
      { ExtendedS3DestinationConfiguration: undefined, S3DestinationConfiguration: {} },
    ],
  ];
  // A row that is short would be taken for a test with a callback.
  test.each(settings.map(([what, change, top = {}]) => [what, change, top] as const))(
    '%s',
    async (what, change, top) => {
      const error = await refuse(request(change, top));
      expect(error.name).toBe('InvalidArgumentException');
      expect(error.message).toMatch(/^Not supported by the embedded Data Firehose: /);
      expect(error.message).toContain(what);
    },
  );
});
