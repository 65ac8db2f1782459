import { z } from 'zod';

/**
 * The shape of an ExtendedS3DestinationConfiguration, with the limits of the service's model. A member that is not in
 * here is refused by its name, so that no setting is lost without a word.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
 */
export const roleArn = z
  .string()
  .min(1)
  .max(512)
  .regex(/^arn:.*/);
const bucketArn = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^arn:.*:s3:::[\w.-]{1,255}$/);
/** A member that validation refuses with an error of its own. */
export const notHere = z.unknown().optional();

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

/** The shape of a plain S3 destination, such as that of a backup. */
export const s3Destination = z.strictObject({
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

/** The shape of `ExtendedS3DestinationConfiguration`. */
export const extendedS3Destination = s3Destination.extend({
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

/** A destination as it was sent, in the right shape; the rules may still refuse it. */
export type ExtendedS3Destination = z.infer<typeof extendedS3Destination>;
/** `GZIP`, `ZIP`, `Snappy`, `HADOOP_SNAPPY` or `UNCOMPRESSED`. */
export type CompressionFormat = NonNullable<ExtendedS3Destination['CompressionFormat']>;
