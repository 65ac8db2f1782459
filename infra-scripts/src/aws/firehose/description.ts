import { accountId, region } from '../part.js';
import type { DeliveryStreamDefinition } from './definitions.js';
import { hintsOf } from './plan.js';

/** The first destination's id, on AWS as well. */
export const destinationId = 'destinationId-000000000001';

export const arnOf = (name: string) => `arn:aws:firehose:${region}:${accountId}:deliverystream/${name}`;

/** A new delivery stream is CREATING for this long. */
export const creatingMs = 250;

export function statusOf(
  { createdMs, deleting }: DeliveryStreamDefinition,
  nowMs: number,
): 'CREATING' | 'ACTIVE' | 'DELETING' {
  if (deleting) return 'DELETING';
  // By a clock that was set back it was made in the future; it is there all the same.
  return nowMs >= createdMs && nowMs - createdMs < creatingMs ? 'CREATING' : 'ACTIVE';
}

/** `DeliveryStreamDescription`; times in seconds since 1970, as the protocol has them. */
export function describe(definition: DeliveryStreamDefinition, nowMs: number) {
  const { name, source, destination, version, createdMs } = definition;
  const {
    RoleARN,
    BucketARN,
    Prefix,
    ErrorOutputPrefix,
    CompressionFormat = 'UNCOMPRESSED',
    EncryptionConfiguration = { NoEncryptionConfig: 'NoEncryption' },
    CloudWatchLoggingOptions = { Enabled: false },
    DynamicPartitioningConfiguration,
    ...rest
  } = destination;
  const shared = {
    RoleARN,
    BucketARN,
    Prefix,
    ErrorOutputPrefix,
    BufferingHints: hintsOf(destination),
    CompressionFormat,
    EncryptionConfiguration,
    CloudWatchLoggingOptions,
  };
  return {
    DeliveryStreamName: name,
    DeliveryStreamARN: arnOf(name),
    DeliveryStreamStatus: statusOf(definition, nowMs),
    DeliveryStreamType: 'KinesisStreamAsSource',
    VersionId: String(version),
    CreateTimestamp: createdMs / 1000,
    Source: { KinesisStreamSourceDescription: { ...source, DeliveryStartTimestamp: createdMs / 1000 } },
    Destinations: [
      {
        DestinationId: destinationId,
        S3DestinationDescription: shared,
        ExtendedS3DestinationDescription: {
          ...shared,
          ProcessingConfiguration: { Enabled: false, Processors: [] },
          S3BackupMode: 'Disabled',
          CustomTimeZone: 'UTC',
          ...rest,
          ...(DynamicPartitioningConfiguration
            ? {
                DynamicPartitioningConfiguration: DynamicPartitioningConfiguration.Enabled
                  ? { RetryOptions: { DurationInSeconds: 300 }, ...DynamicPartitioningConfiguration }
                  : DynamicPartitioningConfiguration,
              }
            : {}),
        },
      },
    ],
    HasMoreDestinations: false,
  };
}
