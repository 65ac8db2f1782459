import { compileFilter, type Filter } from './jq-filter.js';
import { compilePaths, type PathQuery, parsePaths } from './jq-path.js';
import { keysOf, type Prefix, parsePrefix, withDefaultTime } from './prefix.js';
import type { ExtendedS3Destination } from './request-model.js';

/** A destination's configuration, ready to be carried out. */
export interface DeliveryPlan {
  bucket: string;
  prefix: Prefix;
  errorPrefix: Prefix;
  /** One buffer for each evaluated prefix; else one for all records. */
  dynamicPartitioning: boolean;
  deaggregateJson: boolean;
  /** Where partition keys come from: paths compiled to JavaScript, or jq itself. */
  query?: { kind: 'paths'; run: PathQuery } | { kind: 'filter'; filter: Filter };
  /** The keys of the prefix, in the order in which partition values are held. */
  keyNames: string[];
  appendNewline: boolean;
  sizeBytes: number;
  /** As configured, not yet divided by a time scale. */
  intervalMs: number;
  gzip: boolean;
  fileExtension: string;
}

export const processorOf = (destination: ExtendedS3Destination, type: string) =>
  destination.ProcessingConfiguration?.Enabled
    ? destination.ProcessingConfiguration.Processors?.find((processor) => processor.Type === type)
    : undefined;

export const parameterOf = (processor: ReturnType<typeof processorOf>, name: string) =>
  processor?.Parameters?.find((parameter) => parameter.ParameterName === name)?.ParameterValue;

export const hintsOf = ({
  BufferingHints,
  DynamicPartitioningConfiguration,
}: Pick<ExtendedS3Destination, 'BufferingHints' | 'DynamicPartitioningConfiguration'>) => ({
  SizeInMBs: BufferingHints?.SizeInMBs ?? (DynamicPartitioningConfiguration?.Enabled ? 128 : 5),
  IntervalInSeconds: BufferingHints?.IntervalInSeconds ?? 300,
});

/** The configuration must have passed validation. */
export async function planOf(destination: ExtendedS3Destination): Promise<DeliveryPlan> {
  const prefix = withDefaultTime(parsePrefix(destination.Prefix ?? ''));
  const query = parameterOf(processorOf(destination, 'MetadataExtraction'), 'MetadataExtractionQuery');
  const hints = hintsOf(destination);
  const gzip = destination.CompressionFormat === 'GZIP';
  return {
    bucket: destination.BucketARN.slice(destination.BucketARN.lastIndexOf(':') + 1),
    prefix,
    errorPrefix: withDefaultTime(parsePrefix(destination.ErrorOutputPrefix ?? '')),
    dynamicPartitioning: destination.DynamicPartitioningConfiguration?.Enabled === true,
    deaggregateJson: processorOf(destination, 'RecordDeAggregation') !== undefined,
    ...(query === undefined ? {} : { query: await compileQuery(query) }),
    keyNames: keysOf(prefix, 'query'),
    appendNewline: processorOf(destination, 'AppendDelimiterToRecord') !== undefined,
    sizeBytes: hints.SizeInMBs * 1024 * 1024,
    intervalMs: hints.IntervalInSeconds * 1000,
    gzip,
    fileExtension: destination.FileExtension || (gzip ? '.gz' : ''),
  };
}

/** @throws FilterError */
export async function compileQuery(query: string): Promise<NonNullable<DeliveryPlan['query']>> {
  const paths = parsePaths(query);
  if (paths) return { kind: 'paths', run: compilePaths(paths) };
  return { kind: 'filter', filter: await compileFilter(query) };
}
