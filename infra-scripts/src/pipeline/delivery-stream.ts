import type {
  CreateDeliveryStreamCommandInput,
  DataFormatConversionConfiguration,
  Processor,
} from '@aws-sdk/client-firehose';
import { bucketArn, deliveryRoleArn, streamArn } from './arns.js';
import { deliveryPrefix, errorPrefix, partitionQuery } from './prefix.js';
import type { PipelineSettings } from './settings.js';

/**
 * The delivery stream: takes the packed records apart, reads page and event from each event, and writes one object a
 * partition. https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html
 */
export function deliveryStreamInput(settings: PipelineSettings): CreateDeliveryStreamCommandInput {
  const RoleARN = deliveryRoleArn(settings);
  return {
    DeliveryStreamName: settings.deliveryStream,
    DeliveryStreamType: 'KinesisStreamAsSource',
    KinesisStreamSourceConfiguration: { KinesisStreamARN: streamArn(settings), RoleARN },
    ExtendedS3DestinationConfiguration: {
      RoleARN,
      BucketARN: bucketArn(settings),
      Prefix: deliveryPrefix(settings),
      ErrorOutputPrefix: errorPrefix,
      BufferingHints: { SizeInMBs: settings.bufferSizeMiB, IntervalInSeconds: settings.bufferIntervalSeconds },
      CompressionFormat: settings.format === 'parquet' ? 'UNCOMPRESSED' : settings.compression,
      CustomTimeZone: 'UTC',
      EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
      CloudWatchLoggingOptions: {
        Enabled: true,
        LogGroupName: `/aws/kinesisfirehose/${settings.deliveryStream}`,
        LogStreamName: 'DestinationDelivery',
      },
      S3BackupMode: 'Disabled',
      // How long Firehose tries to read the keys out of a record; then the record goes to the error prefix.
      DynamicPartitioningConfiguration: { Enabled: true, RetryOptions: { DurationInSeconds: 300 } },
      ProcessingConfiguration: {
        Enabled: true,
        Processors: processors(settings),
      },
      ...(settings.format === 'parquet' ? { DataFormatConversionConfiguration: toParquet(settings, RoleARN) } : {}),
    },
  };
}

function processors({ format }: PipelineSettings): Processor[] {
  return [
    { Type: 'RecordDeAggregation', Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }] },
    {
      Type: 'MetadataExtraction',
      Parameters: [
        { ParameterName: 'MetadataExtractionQuery', ParameterValue: partitionQuery },
        { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
      ],
    },
    // De-aggregation takes the newlines away; without this one the object's events would lie on one line.
    ...(format === 'json' ? [{ Type: 'AppendDelimiterToRecord', Parameters: [] } satisfies Processor] : []),
  ];
}

/** Firehose compresses inside Parquet itself and refuses another compression around it. */
function toParquet({ database, table, region }: PipelineSettings, RoleARN: string): DataFormatConversionConfiguration {
  return {
    Enabled: true,
    SchemaConfiguration: { RoleARN, DatabaseName: database, TableName: table, Region: region, VersionId: 'LATEST' },
    InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: { CaseInsensitive: true } } },
    OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'SNAPPY' } } },
  };
}
