import { conversionOf } from './conversion.js';
import type { ExtendedS3Destination } from './destination-shape.js';

/** The hints of a destination with AWS's defaults: 300 seconds; 5 MiB, and 128 MiB for partitions and for Parquet. */
export const bufferingHintsOf = ({
  BufferingHints,
  DynamicPartitioningConfiguration,
  DataFormatConversionConfiguration,
}: Pick<
  ExtendedS3Destination,
  'BufferingHints' | 'DynamicPartitioningConfiguration' | 'DataFormatConversionConfiguration'
>): { SizeInMBs: number; IntervalInSeconds: number } => ({
  SizeInMBs:
    BufferingHints?.SizeInMBs ??
    (DynamicPartitioningConfiguration?.Enabled || conversionOf({ DataFormatConversionConfiguration }) ? 128 : 5),
  IntervalInSeconds: BufferingHints?.IntervalInSeconds ?? 300,
});

/** The same in bytes and milliseconds; the interval is not yet divided by a time scale. */
export function bufferLimitsOf(destination: Parameters<typeof bufferingHintsOf>[0]): {
  sizeBytes: number;
  intervalMs: number;
} {
  const { SizeInMBs, IntervalInSeconds } = bufferingHintsOf(destination);
  return { sizeBytes: SizeInMBs * 1024 * 1024, intervalMs: IntervalInSeconds * 1000 };
}

/** Of dynamic partitioning, by its documentation. */
export const defaultRetrySeconds = 300;

/** Without dynamic partitioning Firehose retries for a day, and no setting changes that. */
export const retrySecondsOf = ({ DynamicPartitioningConfiguration: dynamic }: ExtendedS3Destination): number =>
  dynamic?.Enabled ? (dynamic.RetryOptions?.DurationInSeconds ?? defaultRetrySeconds) : 86_400;
