import type { Functions } from '../functions/functions.js';
import type { LambdaFunction } from '../functions/lambda-function.js';
import type { JqPool } from '../jq/run/pool.js';
import { bufferLimitsOf, retrySecondsOf } from './buffering.js';
import { type ConversionConfiguration, configureConversion, conversionOf } from './conversion.js';
import type { CompressionFormat, ExtendedS3Destination } from './destination-shape.js';
import { findSchema, type Tables } from './find-schema.js';
import type { ParsedDestination } from './parse-destination.js';
import { keysOf, type Prefix, withDefaultTime } from './prefix.js';
import { parameterOf, processorOf } from './processors.js';
import { compileQuery, isRepeatable, type Query } from './query.js';

/** Where source records go as they came. */
export interface BackupConfiguration {
  bucket: string;
  prefix: Prefix;
  compression: CompressionFormat;
  sizeBytes: number;
  /** As configured, not yet divided by a time scale. */
  intervalMs: number;
}

/** The function that records go through before anything else is done with them. */
export interface LambdaConfiguration {
  arn: string;
  call: LambdaFunction;
  /** After the first try. */
  retries: number;
  /** How much one call gets, before base64. */
  batchBytes: number;
}

/** All that delivery has to know of a destination, parsed, compiled and looked up. */
export interface DeliveryConfiguration {
  bucket: string;
  prefix: Prefix;
  errorPrefix: Prefix;
  /** One buffer for each evaluated prefix; else one for all records. */
  dynamicPartitioning: boolean;
  /** A record is split: several JSON values, or what stands between delimiters. */
  deaggregate?: { kind: 'json' } | { kind: 'delimited'; delimiter: Buffer };
  /** What the Kinesis Producer Library packed is unpacked. */
  deaggregateKpl: boolean;
  query?: Query;
  /**
   * The keys of the prefix, in the order in which partition values are held: those from the query, then those from
   * Lambda.
   */
  keyNames: string[];
  lambdaKeyNames: string[];
  /** A record that is processed again has the same targets again. */
  repeatable: boolean;
  lambda?: LambdaConfiguration;
  /** What follows each record in its object; nothing where it is converted. */
  delimiter?: Buffer;
  /** Records become lines of a table's columns, and those Parquet. */
  conversion?: ConversionConfiguration;
  /** Where the records go as they came, beside what becomes of them. */
  backup?: BackupConfiguration;
  sizeBytes: number;
  /** As configured, not yet divided by a time scale. */
  intervalMs: number;
  compression: CompressionFormat;
  /** Instead of the extension of the compression. */
  fileExtension?: string;
  /** How long S3 is asked at short pauses to take an object that it refuses. */
  retryMs: number;
}

/** What a configuration names and does not hold. */
export interface Surroundings {
  /** Glue's, where records are converted to a table's columns. */
  tables?: Tables | undefined;
  /** What stands in for Lambda functions. */
  functions: Functions;
  /** Runs the queries that are more than plain paths. */
  jq: JqPool;
}

/**
 * The rules of the API must have let the destination pass.
 * @throws FilterError of the query, AwsError when the table is missing, FunctionError when the function is
 */
export async function configureDelivery(
  parsed: ParsedDestination,
  fromKinesis: boolean,
  { tables, functions, jq }: Surroundings,
): Promise<DeliveryConfiguration> {
  const { destination, zone, query } = parsed;
  const compiled = query && (await compileQuery(query, jq));
  const converting = conversionOf(destination);
  const conversion = converting && configureConversion(converting, findSchema(converting, tables));
  const lambda = await configureLambda(destination, functions);
  const prefix = withDefaultTime(parsed.prefix, zone);
  return {
    bucket: bucketOf(destination.BucketARN),
    prefix,
    errorPrefix: withDefaultTime(parsed.errorPrefix, zone),
    dynamicPartitioning: parsed.dynamicPartitioning,
    ...configureSplitting(destination),
    deaggregateKpl: fromKinesis,
    ...(compiled ? { query: compiled } : {}),
    keyNames: keysOf(prefix, 'query'),
    lambdaKeyNames: keysOf(prefix, 'lambda'),
    repeatable: !lambda && (!query || isRepeatable(query)),
    ...(lambda ? { lambda } : {}),
    ...(conversion ? { conversion } : configureDelimiter(destination)),
    ...configureBackup(parsed),
    ...bufferLimitsOf(destination),
    compression: destination.CompressionFormat ?? 'UNCOMPRESSED',
    ...(destination.FileExtension ? { fileExtension: destination.FileExtension } : {}),
    retryMs: retrySecondsOf(destination) * 1000,
  };
}

const bucketOf = (arn: string) => arn.slice(arn.lastIndexOf(':') + 1);

function configureSplitting(destination: ExtendedS3Destination): Pick<DeliveryConfiguration, 'deaggregate'> {
  const processor = processorOf(destination, 'RecordDeAggregation');
  if (!processor) return {};
  if (parameterOf(processor, 'SubRecordType') !== 'DELIMITED') return { deaggregate: { kind: 'json' } };
  const delimiter = Buffer.from(parameterOf(processor, 'Delimiter')!, 'base64');
  return { deaggregate: { kind: 'delimited', delimiter } };
}

function configureDelimiter(destination: ExtendedS3Destination): Pick<DeliveryConfiguration, 'delimiter'> {
  const processor = processorOf(destination, 'AppendDelimiterToRecord');
  if (!processor) return {};
  return { delimiter: Buffer.from((parameterOf(processor, 'Delimiter') ?? '\n').replaceAll('\\n', '\n')) };
}

async function configureLambda(
  destination: ExtendedS3Destination,
  functions: Functions,
): Promise<LambdaConfiguration | undefined> {
  const processor = processorOf(destination, 'Lambda');
  if (!processor) return undefined;
  const arn = parameterOf(processor, 'LambdaArn')!;
  const number = (name: string, otherwise: number) => Number(parameterOf(processor, name) ?? otherwise);
  return {
    arn,
    call: await functions.find(arn),
    retries: number('NumberOfRetries', 3),
    batchBytes: number('BufferSizeInMBs', 1) * 1024 * 1024,
  };
}

function configureBackup({ destination, backupPrefix }: ParsedDestination): Pick<DeliveryConfiguration, 'backup'> {
  if (destination.S3BackupMode !== 'Enabled') return {};
  const { BucketARN, BufferingHints, CompressionFormat = 'UNCOMPRESSED' } = destination.S3BackupConfiguration!;
  return {
    backup: {
      bucket: bucketOf(BucketARN),
      prefix: withDefaultTime(backupPrefix!),
      compression: CompressionFormat,
      ...bufferLimitsOf({ BufferingHints }),
    },
  };
}
