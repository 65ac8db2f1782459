import { arnOf } from '../arn.js';
import { bufferingHintsOf, defaultRetrySeconds } from '../config/buffering.js';
import type { ExtendedS3Destination } from '../config/destination-shape.js';
import type { DeliveryStreamDefinition } from './definitions.js';
import { describeEncryption } from './encryption.js';

/** The first destination's id, on AWS as well. */
export const destinationId = 'destinationId-000000000001';

/** A new delivery stream is CREATING for this long. */
const creatingMs = 250;

/** `DeliveryStreamStatus`. @param nowMs milliseconds since 1970 */
export function statusOf(
  { createdMs, deleting }: DeliveryStreamDefinition,
  nowMs: number,
): 'CREATING' | 'ACTIVE' | 'DELETING' {
  if (deleting) return 'DELETING';
  // If the clock was set back, the creation lies in the future: the delivery stream exists all the same.
  return nowMs >= createdMs && nowMs - createdMs < creatingMs ? 'CREATING' : 'ACTIVE';
}

/** A backup with the defaults that a description shows. */
const describeBackup = (backup: NonNullable<ExtendedS3Destination['S3BackupConfiguration']>) => ({
  BufferingHints: bufferingHintsOf({ BufferingHints: backup.BufferingHints }),
  CompressionFormat: 'UNCOMPRESSED',
  EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
  CloudWatchLoggingOptions: { Enabled: false },
  ...backup,
});

/** `DeliveryStreamType`. */
export const typeOf = ({ source }: DeliveryStreamDefinition): 'KinesisStreamAsSource' | 'DirectPut' =>
  source ? 'KinesisStreamAsSource' : 'DirectPut';

/** `DeliveryStreamDescription`; times in seconds since 1970, as the protocol has them. */
export function describe(definition: DeliveryStreamDefinition, nowMs: number) {
  const { name, source, directPut, destination, version, createdMs, updatedMs } = definition;
  const {
    RoleARN,
    BucketARN,
    Prefix,
    ErrorOutputPrefix,
    CompressionFormat = 'UNCOMPRESSED',
    EncryptionConfiguration = { NoEncryptionConfig: 'NoEncryption' },
    CloudWatchLoggingOptions = { Enabled: false },
    DynamicPartitioningConfiguration,
    S3BackupConfiguration,
    ...rest
  } = destination;
  const shared = {
    RoleARN,
    BucketARN,
    Prefix,
    ErrorOutputPrefix,
    BufferingHints: bufferingHintsOf(destination),
    CompressionFormat,
    EncryptionConfiguration,
    CloudWatchLoggingOptions,
  };
  return {
    DeliveryStreamName: name,
    DeliveryStreamARN: arnOf(name),
    DeliveryStreamStatus: statusOf(definition, nowMs),
    ...(source ? {} : { DeliveryStreamEncryptionConfiguration: describeEncryption(definition.encryption, nowMs) }),
    DeliveryStreamType: typeOf(definition),
    VersionId: String(version),
    CreateTimestamp: createdMs / 1000,
    ...(updatedMs === undefined ? {} : { LastUpdateTimestamp: updatedMs / 1000 }),
    ...(source
      ? { Source: { KinesisStreamSourceDescription: { ...source, DeliveryStartTimestamp: createdMs / 1000 } } }
      : directPut
        ? { Source: { DirectPutSourceDescription: directPut } }
        : {}),
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
          ...(S3BackupConfiguration ? { S3BackupDescription: describeBackup(S3BackupConfiguration) } : {}),
          ...(DynamicPartitioningConfiguration
            ? {
                DynamicPartitioningConfiguration: DynamicPartitioningConfiguration.Enabled
                  ? { RetryOptions: { DurationInSeconds: defaultRetrySeconds }, ...DynamicPartitioningConfiguration }
                  : DynamicPartitioningConfiguration,
              }
            : {}),
        },
      },
    ],
    HasMoreDestinations: false,
  };
}
