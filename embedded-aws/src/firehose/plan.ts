import { type Compression, compressions } from './compression/index.js';
import { type ConversionPlan, planConversion, type Schema } from './conversion/conversion.js';
import { conversionOf } from './conversion/find-schema.js';
import { compileFilter, type Filter } from './jq-filter.js';
import { compilePaths, type PathQuery, parsePaths } from './jq-path.js';
import { keysOf, type Prefix, parsePrefix, withDefaultTime } from './prefix.js';
import type { ExtendedS3Destination } from './request-model.js';

export interface BackupPlan {
  bucket: string;
  prefix: Prefix;
  compression: Compression;
  sizeBytes: number;
  /** As configured, not yet divided by a time scale. */
  intervalMs: number;
}

/** A function that records go through before anything else is done with them. */
export interface LambdaPlan {
  arn: string;
  /** After the first try. */
  retries: number;
  /** How much one call gets, before base64. */
  batchBytes: number;
}

/** A destination's configuration, ready to be carried out. */
export interface DeliveryPlan {
  bucket: string;
  prefix: Prefix;
  errorPrefix: Prefix;
  /** One buffer for each evaluated prefix; else one for all records. */
  dynamicPartitioning: boolean;
  /** A record is taken apart: several JSON values, or what stands between delimiters. */
  deaggregate?: { kind: 'json' } | { kind: 'delimited'; delimiter: Buffer };
  /** Where partition keys come from: paths compiled to JavaScript, or jq itself. */
  query?: { kind: 'paths'; run: PathQuery } | { kind: 'filter'; filter: Filter };
  /** The keys of the prefix, in the order in which partition values are held: those from the query, then those from Lambda. */
  keyNames: string[];
  lambdaKeyNames: string[];
  /** Where the records go as they came, beside what becomes of them. */
  backup?: BackupPlan;
  /** A record that is processed again has the same targets again. */
  repeatable: boolean;
  /** What the Kinesis Producer Library packed is taken apart. */
  deaggregateKpl: boolean;
  lambda?: LambdaPlan;
  /** What follows each record in its object; nothing where it is converted. */
  delimiter?: Buffer;
  /** Records become lines of a table's columns, and those Parquet. */
  conversion?: ConversionPlan;
  sizeBytes: number;
  /** As configured, not yet divided by a time scale. */
  intervalMs: number;
  compression: Compression;
  fileExtension: string;
  /** How long S3 is asked at short pauses to take an object that it refuses. */
  retryMs: number;
}

export const processorOf = (destination: ExtendedS3Destination, type: string) =>
  destination.ProcessingConfiguration?.Enabled
    ? destination.ProcessingConfiguration.Processors?.find((processor) => processor.Type === type)
    : undefined;

export const parameterOf = (processor: ReturnType<typeof processorOf>, name: string) =>
  processor?.Parameters?.find((parameter) => parameter.ParameterName === name)?.ParameterValue;

/** Of dynamic partitioning, by its documentation. */
export const defaultRetrySeconds = 300;

const bucketOf = (arn: string) => arn.slice(arn.lastIndexOf(':') + 1);

function backupOf(backup: NonNullable<ExtendedS3Destination['S3BackupConfiguration']>): BackupPlan {
  const hints = hintsOf({ BufferingHints: backup.BufferingHints });
  return {
    bucket: bucketOf(backup.BucketARN),
    prefix: withDefaultTime(parsePrefix(backup.Prefix ?? '')),
    compression: compressions[backup.CompressionFormat ?? 'UNCOMPRESSED'],
    sizeBytes: hints.SizeInMBs * 1024 * 1024,
    intervalMs: hints.IntervalInSeconds * 1000,
  };
}

function lambdaOf(processor: ReturnType<typeof processorOf>): LambdaPlan | undefined {
  if (!processor) return undefined;
  const number = (name: string, otherwise: number) => Number(parameterOf(processor, name) ?? otherwise);
  return {
    arn: parameterOf(processor, 'LambdaArn')!,
    retries: number('NumberOfRetries', 3),
    batchBytes: number('BufferSizeInMBs', 1) * 1024 * 1024,
  };
}

export const hintsOf = ({
  BufferingHints,
  DynamicPartitioningConfiguration,
  DataFormatConversionConfiguration,
}: Pick<
  ExtendedS3Destination,
  'BufferingHints' | 'DynamicPartitioningConfiguration' | 'DataFormatConversionConfiguration'
>) => ({
  SizeInMBs:
    BufferingHints?.SizeInMBs ??
    (DynamicPartitioningConfiguration?.Enabled || conversionOf({ DataFormatConversionConfiguration }) ? 128 : 5),
  IntervalInSeconds: BufferingHints?.IntervalInSeconds ?? 300,
});

/** Without dynamic partitioning Firehose retries for a day, and nobody can say otherwise. */
const retrySecondsOf = ({ DynamicPartitioningConfiguration: dynamic }: ExtendedS3Destination): number =>
  dynamic?.Enabled ? (dynamic.RetryOptions?.DurationInSeconds ?? defaultRetrySeconds) : 86_400;

/**
 * The configuration must have passed validation.
 * @param schema of the table whose columns records are converted to, where they are
 */
export async function planOf(
  destination: ExtendedS3Destination,
  fromKinesis = true,
  schema?: Schema,
): Promise<DeliveryPlan> {
  const zone = destination.CustomTimeZone ?? 'UTC';
  const prefix = withDefaultTime(parsePrefix(destination.Prefix ?? '', zone), zone);
  const query = parameterOf(processorOf(destination, 'MetadataExtraction'), 'MetadataExtractionQuery');
  const hints = hintsOf(destination);
  const compression = compressions[destination.CompressionFormat ?? 'UNCOMPRESSED'];
  const lambda = lambdaOf(processorOf(destination, 'Lambda'));
  const splitting = processorOf(destination, 'RecordDeAggregation');
  const converting = conversionOf(destination);
  const conversion = converting && schema ? planConversion(converting, schema) : undefined;
  const appending = conversion ? undefined : processorOf(destination, 'AppendDelimiterToRecord');
  return {
    bucket: bucketOf(destination.BucketARN),
    prefix,
    errorPrefix: withDefaultTime(parsePrefix(destination.ErrorOutputPrefix ?? '', zone), zone),
    dynamicPartitioning: destination.DynamicPartitioningConfiguration?.Enabled === true,
    ...(splitting
      ? {
          deaggregate:
            parameterOf(splitting, 'SubRecordType') === 'DELIMITED'
              ? { kind: 'delimited', delimiter: Buffer.from(parameterOf(splitting, 'Delimiter')!, 'base64') }
              : { kind: 'json' },
        }
      : {}),
    ...(query === undefined ? {} : { query: await compileQuery(query) }),
    keyNames: keysOf(prefix, 'query'),
    lambdaKeyNames: keysOf(prefix, 'lambda'),
    deaggregateKpl: fromKinesis,
    repeatable: !lambda && !/\b(now|local\w*|strflocaltime|env|ENV)\b/.test(query ?? ''),
    ...(lambda ? { lambda } : {}),
    ...(destination.S3BackupMode === 'Enabled' ? { backup: backupOf(destination.S3BackupConfiguration!) } : {}),
    ...(appending
      ? { delimiter: Buffer.from((parameterOf(appending, 'Delimiter') ?? '\n').replaceAll('\\n', '\n')) }
      : {}),
    sizeBytes: hints.SizeInMBs * 1024 * 1024,
    intervalMs: hints.IntervalInSeconds * 1000,
    compression,
    ...(conversion ? { conversion } : {}),
    fileExtension: destination.FileExtension || (conversion ? '.parquet' : compression.extension),
    retryMs: retrySecondsOf(destination) * 1000,
  };
}

/** @throws FilterError */
export async function compileQuery(query: string): Promise<NonNullable<DeliveryPlan['query']>> {
  const paths = parsePaths(query);
  if (paths) return { kind: 'paths', run: compilePaths(paths) };
  return { kind: 'filter', filter: await compileFilter(query) };
}
