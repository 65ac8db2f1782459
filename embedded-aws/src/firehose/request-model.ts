import { z } from 'zod';
import { AwsError } from '../json-service/aws-error.js';
import { parseShape, type Requests as RequestsOf } from '../json-service/operations.js';

/**
 * The requests' shapes with the limits of the service's model, as far as they are carried out; a member that is not in here is refused
 * by its name, so that no setting is lost without a word.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html
 */
const name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-zA-Z0-9_.-]+$/);
const roleArn = z
  .string()
  .min(1)
  .max(512)
  .regex(/^arn:.*/);
const bucketArn = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^arn:.*:s3:::[\w.-]{1,255}$/);
const streamArn = z
  .string()
  .min(1)
  .max(512)
  .regex(/^arn:.*:kinesis:[a-zA-Z0-9-]+:\d{12}:stream\/[a-zA-Z0-9_.-]+$/);

/** Answered with its own error where it is given. */
const notHere = z.unknown().optional();

const processor = z.strictObject({
  Type: z.enum([
    'RecordDeAggregation',
    'Decompression',
    'CloudWatchLogProcessing',
    'Lambda',
    'MetadataExtraction',
    'AppendDelimiterToRecord',
  ]),
  Parameters: z
    .array(
      z.strictObject({
        ParameterName: z.enum([
          'LambdaArn',
          'NumberOfRetries',
          'MetadataExtractionQuery',
          'JsonParsingEngine',
          'RoleArn',
          'BufferSizeInMBs',
          'BufferIntervalInSeconds',
          'SubRecordType',
          'Delimiter',
          'CompressionFormat',
          'DataMessageExtraction',
        ]),
        ParameterValue: z.string().min(1).max(5120).regex(/\S/),
      }),
    )
    .optional(),
});

const s3Destination = z.strictObject({
  RoleARN: roleArn,
  BucketARN: bucketArn,
  Prefix: z.string().max(1024).optional(),
  ErrorOutputPrefix: z.string().max(1024).optional(),
  BufferingHints: z
    .strictObject({
      SizeInMBs: z.int().min(1).max(128).optional(),
      IntervalInSeconds: z.int().min(0).max(900).optional(),
    })
    .optional(),
  CompressionFormat: z.enum(['ZIP', 'HADOOP_SNAPPY', 'Snappy', 'GZIP', 'UNCOMPRESSED']).optional(),
  EncryptionConfiguration: z
    .strictObject({ NoEncryptionConfig: z.enum(['NoEncryption']).optional(), KMSEncryptionConfig: notHere })
    .optional(),
  CloudWatchLoggingOptions: z
    .strictObject({
      Enabled: z.boolean().optional(),
      LogGroupName: z.string().max(512).optional(),
      LogStreamName: z.string().max(512).optional(),
    })
    .optional(),
});

const size = (least: number) => z.int().min(least).optional();

const formatConversion = z.strictObject({
  Enabled: z.boolean().optional(),
  SchemaConfiguration: z
    .strictObject({
      RoleARN: z.string().min(1).max(512).optional(),
      CatalogId: z.string().min(1).max(1024).optional(),
      DatabaseName: z.string().min(1).max(1024).optional(),
      TableName: z.string().min(1).max(1024).optional(),
      Region: z.string().min(1).max(1024).optional(),
      VersionId: z.string().min(1).max(1024).optional(),
    })
    .optional(),
  InputFormatConfiguration: z
    .strictObject({
      Deserializer: z
        .strictObject({
          OpenXJsonSerDe: z
            .strictObject({
              ConvertDotsInJsonKeysToUnderscores: z.boolean().optional(),
              CaseInsensitive: z.boolean().optional(),
              ColumnToJsonKeyMappings: z.record(z.string(), z.string()).optional(),
            })
            .optional(),
          HiveJsonSerDe: z.strictObject({ TimestampFormats: z.array(z.string()).optional() }).optional(),
        })
        .optional(),
    })
    .optional(),
  OutputFormatConfiguration: z
    .strictObject({
      Serializer: z
        .strictObject({
          ParquetSerDe: z
            .strictObject({
              BlockSizeBytes: size(67_108_864),
              PageSizeBytes: size(65_536),
              Compression: z.enum(['UNCOMPRESSED', 'GZIP', 'SNAPPY']).optional(),
              EnableDictionaryCompression: z.boolean().optional(),
              MaxPaddingBytes: size(0),
              WriterVersion: z.enum(['V1', 'V2']).optional(),
            })
            .optional(),
          OrcSerDe: z.looseObject({}).optional(),
        })
        .optional(),
    })
    .optional(),
});

const extendedS3Destination = s3Destination.extend({
  ProcessingConfiguration: z
    .strictObject({ Enabled: z.boolean().optional(), Processors: z.array(processor).optional() })
    .optional(),
  S3BackupMode: z.enum(['Disabled', 'Enabled']).optional(),
  S3BackupConfiguration: s3Destination.optional(),
  DataFormatConversionConfiguration: formatConversion.optional(),
  DynamicPartitioningConfiguration: z
    .strictObject({
      Enabled: z.boolean().optional(),
      RetryOptions: z.strictObject({ DurationInSeconds: z.int().min(0).max(7200).optional() }).optional(),
    })
    .optional(),
  FileExtension: z
    .string()
    .max(128)
    .regex(/^$|^\.[0-9a-z!\-_.*'()]+$/)
    .optional(),
  CustomTimeZone: z.string().max(50).optional(),
});

const extendedS3Update = extendedS3Destination
  .omit({ S3BackupConfiguration: true })
  .partial()
  .extend({ S3BackupUpdate: s3Destination.partial().optional() });

export const otherDestinations = [
  'S3DestinationConfiguration',
  'RedshiftDestinationConfiguration',
  'ElasticsearchDestinationConfiguration',
  'AmazonopensearchserviceDestinationConfiguration',
  'AmazonOpenSearchServerlessDestinationConfiguration',
  'SplunkDestinationConfiguration',
  'HttpEndpointDestinationConfiguration',
  'SnowflakeDestinationConfiguration',
  'IcebergDestinationConfiguration',
] as const;

const otherUpdates = Object.fromEntries(
  otherDestinations.map((member) => [member.replace(/Configuration$/, 'Update'), notHere]),
) as Record<string, typeof notHere>;

const others = Object.fromEntries(otherDestinations.map((member) => [member, notHere])) as Record<
  (typeof otherDestinations)[number],
  typeof notHere
>;

const tagKey = z.string().min(1).max(128);
const tags = z
  .array(z.strictObject({ Key: tagKey, Value: z.string().max(256).optional() }))
  .min(1)
  .max(50);

const encryptionInput = z.strictObject({
  KeyARN: z
    .string()
    .min(1)
    .max(512)
    .regex(/^arn:.*:kms:[a-zA-Z0-9-]+:\d{12}:(key|alias)\/[a-zA-Z_0-9+=,.@\-_/]+$/)
    .optional(),
  KeyType: z.enum(['AWS_OWNED_CMK', 'CUSTOMER_MANAGED_CMK']),
});

/** Base64, as the protocol has binary data. */
const record = z.strictObject({ Data: z.string() });

const streamType = z.enum(['DirectPut', 'KinesisStreamAsSource', 'MSKAsSource', 'DatabaseAsSource']);

export const requests = {
  CreateDeliveryStream: z.strictObject({
    DeliveryStreamName: name,
    DeliveryStreamType: streamType.optional(),
    KinesisStreamSourceConfiguration: z.strictObject({ KinesisStreamARN: streamArn, RoleARN: roleArn }).optional(),
    DirectPutSourceConfiguration: z.strictObject({ ThroughputHintInMBs: z.int().min(1).max(100) }).optional(),
    MSKSourceConfiguration: notHere,
    DatabaseSourceConfiguration: notHere,
    DeliveryStreamEncryptionConfigurationInput: encryptionInput.optional(),
    ExtendedS3DestinationConfiguration: extendedS3Destination.optional(),
    ...others,
    Tags: tags.optional(),
  }),
  DescribeDeliveryStream: z.strictObject({
    DeliveryStreamName: name,
    Limit: z.int().min(1).max(10_000).optional(),
    ExclusiveStartDestinationId: z.string().min(1).max(100).optional(),
  }),
  ListDeliveryStreams: z.strictObject({
    Limit: z.int().min(1).max(10_000).optional(),
    DeliveryStreamType: streamType.optional(),
    ExclusiveStartDeliveryStreamName: name.optional(),
  }),
  DeleteDeliveryStream: z.strictObject({ DeliveryStreamName: name, AllowForceDelete: z.boolean().optional() }),
  ListTagsForDeliveryStream: z.strictObject({
    DeliveryStreamName: name,
    ExclusiveStartTagKey: tagKey.optional(),
    Limit: z.int().min(1).max(50).optional(),
  }),
  TagDeliveryStream: z.strictObject({ DeliveryStreamName: name, Tags: tags }),
  UntagDeliveryStream: z.strictObject({ DeliveryStreamName: name, TagKeys: z.array(tagKey).min(1).max(50) }),
  UpdateDestination: z.strictObject({
    DeliveryStreamName: name,
    CurrentDeliveryStreamVersionId: z
      .string()
      .min(1)
      .max(50)
      .regex(/^[0-9]+$/),
    DestinationId: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[a-zA-Z0-9-]+$/),
    ExtendedS3DestinationUpdate: extendedS3Update.optional(),
    ...otherUpdates,
  }),
  StartDeliveryStreamEncryption: z.strictObject({
    DeliveryStreamName: name,
    DeliveryStreamEncryptionConfigurationInput: encryptionInput.optional(),
  }),
  StopDeliveryStreamEncryption: z.strictObject({ DeliveryStreamName: name }),
  PutRecord: z.strictObject({ DeliveryStreamName: name, Record: record }),
  PutRecordBatch: z.strictObject({ DeliveryStreamName: name, Records: z.array(record).min(1).max(500) }),
};

export type Requests = RequestsOf<typeof requests>;
export type CreateRequest = Requests['CreateDeliveryStream'];
export type ExtendedS3Destination = z.infer<typeof extendedS3Destination>;

/** @throws AwsError ValidationException or SerializationException, worded as AWS words them */
export const parseRequest = <Operation extends keyof Requests>(
  operation: Operation,
  body: unknown,
): Requests[Operation] => parseShape(requests[operation], body, refusalOf) as Requests[Operation];

/** What Data Firehose says to a request that has not the shape of its operation. */
export function refusalOf({ issues }: z.ZodError): AwsError {
  const mistyped = issues.find(
    (issue) => issue.code === 'invalid_type' && issue.input !== undefined && issue.input !== null,
  );
  if (mistyped?.code === 'invalid_type')
    return new AwsError('SerializationException', `${pathOf(mistyped.path)} must be of type ${mistyped.expected}.`);
  const constraints = issues.map(constraintOf);
  return new AwsError(
    'ValidationException',
    `${constraints.length} validation error${constraints.length > 1 ? 's' : ''} detected: ${constraints.join('; ')}`,
  );
}

/** `extendedS3DestinationConfiguration.processingConfiguration.processors.1.member.type` */
const pathOf = (path: readonly PropertyKey[]) =>
  path
    .map((step) =>
      typeof step === 'number' ? `${step + 1}.member` : String(step).replace(/^./, (first) => first.toLowerCase()),
    )
    .join('.');

function constraintOf(issue: z.core.$ZodIssue): string {
  const value = typeof issue.input === 'object' || issue.input === undefined ? 'null' : `'${issue.input}'`;
  const failed = (constraint: string) =>
    `Value ${value} at '${pathOf(issue.path)}' failed to satisfy constraint: Member must ${constraint}`;
  switch (issue.code) {
    case 'invalid_type':
      return failed('not be null');
    case 'invalid_value':
      return issue.input === undefined
        ? failed('not be null')
        : failed(`satisfy enum value set: [${issue.values.join(', ')}]`);
    case 'too_small':
      return failed(
        `have ${issue.origin === 'string' || issue.origin === 'array' ? 'length' : 'value'} greater than or equal to ${issue.minimum}`,
      );
    case 'too_big':
      return failed(
        `have ${issue.origin === 'string' || issue.origin === 'array' ? 'length' : 'value'} less than or equal to ${issue.maximum}`,
      );
    case 'invalid_format':
      return failed(`satisfy regular expression pattern: ${String(issue.pattern).replace(/^\/\^?|\$?\/$/g, '')}`);
    case 'unrecognized_keys': {
      const at = issue.path.length > 0 ? ` in '${pathOf(issue.path)}'` : '';
      return `${issue.keys.join(', ')}${at} is not known to this Data Firehose`;
    }
    default:
      return `'${pathOf(issue.path)}': ${issue.message}`;
  }
}
