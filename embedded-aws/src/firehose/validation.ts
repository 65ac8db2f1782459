import { AwsError } from '../json-service/aws-error.js';
import { conversionOf } from './conversion/find-schema.js';
import { FilterError, writtenKeys } from './jq-filter.js';
import { parsePaths } from './jq-path.js';
import { compileQuery, parameterOf, processorOf } from './plan.js';
import {
  evaluatePrefix,
  hasExpressions,
  keysOf,
  maxEvaluatedPrefix,
  type Prefix,
  PrefixError,
  PrefixNotSupported,
  parsePrefix,
} from './prefix.js';
import { type CreateRequest, type ExtendedS3Destination, otherDestinations } from './request-model.js';

/** A configuration with what the rules ask of it. */
interface Candidate {
  request: CreateRequest;
  destination: ExtendedS3Destination;
  dynamicPartitioning: boolean;
  prefix: Prefix;
  errorPrefix: Prefix;
  /** The keys that the jq query makes; nothing when there is no query, or only running it would tell. */
  queryKeys?: string[];
}

/** One thing that Firehose refuses, and what it says. */
export interface Rule {
  rule: string;
  message: string;
  broken: (candidate: Candidate) => boolean;
}

const processorClass = (name: string) =>
  `class com.amazonaws.services.firehose.internal.model.${name} can only be present when Dynamic Partitioning is enabled.`;

const has = (type: string) => (candidate: Candidate) => processorOf(candidate.destination, type) !== undefined;
const count = ({ destination }: Candidate, type: string) =>
  destination.ProcessingConfiguration?.Processors?.filter((processor) => processor.Type === type).length ?? 0;
const parameter = ({ destination }: Candidate, type: string, name: string) =>
  parameterOf(processorOf(destination, type), name);
const holdsErrorType = (prefix: Prefix) => prefix.some(({ kind }) => kind === 'errorType');
const holdsKeys = (prefix: Prefix) => prefix.some(({ kind }) => kind === 'key');

/** What the fixed parts of a prefix come to, at least. */
const leastLength = (prefix: Prefix) =>
  evaluatePrefix(prefix, { key: () => '', arrivalMs: 0, random: () => '*'.repeat(11) }).length;

/**
 * What Firehose refuses, in the order in which it is looked at here. The messages are the service's own, gathered from its users'
 * records; those it is not known to word so say it in ours, and are marked.
 */
export const rules: Rule[] = [
  {
    rule: 'an encryption of its own is for Direct PUT only',
    message: 'DeliveryStreamEncryptionConfigurationInput is only allowed for DirectPut delivery streams.', // ours
    broken: ({ request }) =>
      request.DeliveryStreamType === 'KinesisStreamAsSource' &&
      request.DeliveryStreamEncryptionConfigurationInput !== undefined,
  },
  {
    rule: 'buffering hints come both or not at all',
    message: 'BufferingHints must have both SizeInMBs and IntervalInSeconds, or neither.', // ours
    broken: ({ destination: { BufferingHints: hints } }) =>
      hints !== undefined && (hints.SizeInMBs === undefined) !== (hints.IntervalInSeconds === undefined),
  },
  {
    rule: 'dynamic partitioning buffers 64 MiB at least',
    message: 'BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.',
    broken: ({ dynamicPartitioning, destination }) =>
      dynamicPartitioning && (destination.BufferingHints?.SizeInMBs ?? 128) < 64,
  },
  {
    rule: 'dynamic partitioning buffers 60 seconds at least',
    message: 'BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning is enabled.',
    broken: ({ dynamicPartitioning, destination }) =>
      dynamicPartitioning && (destination.BufferingHints?.IntervalInSeconds ?? 300) < 60,
  },
  {
    rule: 'one to five processors',
    message: 'A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.',
    broken: ({ destination: { ProcessingConfiguration: processing } }) => {
      const processors = processing?.Processors?.length ?? 0;
      return processing?.Enabled === true && (processors < 1 || processors > 5);
    },
  },
  {
    rule: 'one Lambda processor',
    message: 'Cannot have more than 1 Lambda processor.',
    broken: (candidate) => count(candidate, 'Lambda') > 1,
  },
  {
    rule: 'a Lambda processor has a function',
    message: 'LambdaArn should be present for the Lambda processor', // ours
    broken: (candidate) =>
      has('Lambda')(candidate) &&
      !/^arn:[^:]*:lambda:[^:]*:\d{12}:function:[\w-]+(:[\w$-]+)?$/.test(
        parameter(candidate, 'Lambda', 'LambdaArn') ?? '',
      ),
  },
  {
    rule: 'Lambda gets 0.2 to 3 MB a call, in 0 to 900 seconds, with up to 300 retries',
    message:
      'The Lambda processor takes BufferSizeInMBs from 0.2 to 3 and BufferIntervalInSeconds from 0 to 900, both or neither, and NumberOfRetries from 0 to 300', // ours
    broken: (candidate) => {
      const value = (name: string) => parameter(candidate, 'Lambda', name);
      const within = (name: string, least: number, most: number) =>
        value(name) === undefined || (Number(value(name)) >= least && Number(value(name)) <= most);
      return (
        !within('BufferSizeInMBs', 0.2, 3) ||
        !within('BufferIntervalInSeconds', 0, 900) ||
        !within('NumberOfRetries', 0, 300) ||
        (value('BufferSizeInMBs') === undefined) !== (value('BufferIntervalInSeconds') === undefined)
      );
    },
  },
  {
    rule: 'one MetadataExtraction processor',
    message: 'Cannot have more than 1 MetadataExtraction processor.', // ours
    broken: (candidate) => count(candidate, 'MetadataExtraction') > 1,
  },
  {
    rule: 'dynamic partitioning needs processing',
    message: 'Processing Configuration is not enabled when DataPartitioning is enabled',
    broken: ({ dynamicPartitioning, destination }) =>
      dynamicPartitioning && destination.ProcessingConfiguration?.Enabled !== true,
  },
  {
    rule: 'key extraction is for dynamic partitioning',
    message: processorClass('MetadataExtractionProcessor'),
    broken: (candidate) => !candidate.dynamicPartitioning && has('MetadataExtraction')(candidate),
  },
  {
    rule: 'de-aggregation is for dynamic partitioning',
    message: processorClass('RecordDeAggregationProcessor'),
    broken: (candidate) => !candidate.dynamicPartitioning && has('RecordDeAggregation')(candidate),
  },
  {
    rule: 'JSON or delimited sub-records',
    message: 'SubRecordType has to be one of JSON, DELIMITED',
    broken: (candidate) =>
      has('RecordDeAggregation')(candidate) &&
      !['JSON', 'DELIMITED'].includes(parameter(candidate, 'RecordDeAggregation', 'SubRecordType') ?? ''),
  },
  {
    rule: 'delimited sub-records have a delimiter',
    message: 'Delimiter should be present for DELIMITED',
    broken: (candidate) =>
      parameter(candidate, 'RecordDeAggregation', 'SubRecordType') === 'DELIMITED' &&
      parameter(candidate, 'RecordDeAggregation', 'Delimiter') === undefined,
  },
  {
    rule: 'a delimiter in base64',
    message: 'Delimiter should be a base64 encoded string', // ours
    broken: (candidate) =>
      parameter(candidate, 'RecordDeAggregation', 'SubRecordType') === 'DELIMITED' &&
      !/^(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
        parameter(candidate, 'RecordDeAggregation', 'Delimiter')!,
      ),
  },
  {
    rule: 'keys are extracted by JQ-1.6',
    message: 'MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6',
    broken: (candidate) =>
      has('MetadataExtraction')(candidate) &&
      parameter(candidate, 'MetadataExtraction', 'JsonParsingEngine') !== 'JQ-1.6',
  },
  {
    rule: 'keys are extracted by a query',
    message: 'MetaDataExtraction JQ Query should be present', // ours
    broken: (candidate) =>
      has('MetadataExtraction')(candidate) &&
      parameter(candidate, 'MetadataExtraction', 'MetadataExtractionQuery') === undefined,
  },
  {
    rule: 'a prefix with partition keys under dynamic partitioning',
    message: 'S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled',
    broken: ({ dynamicPartitioning, prefix }) => dynamicPartitioning && !holdsKeys(prefix),
  },
  {
    rule: 'partition keys under dynamic partitioning only',
    message:
      'Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled.',
    broken: ({ dynamicPartitioning, prefix }) => !dynamicPartitioning && holdsKeys(prefix),
  },
  {
    rule: 'no partition keys in the error prefix',
    message: "Dynamic Partitioning Namespaces can't be part of an error prefix expression",
    broken: ({ errorPrefix }) => holdsKeys(errorPrefix),
  },
  {
    rule: 'keys from the query need MetadataExtraction',
    message: 'MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace',
    broken: (candidate) => keysOf(candidate.prefix, 'query').length > 0 && !has('MetadataExtraction')(candidate),
  },
  {
    rule: 'keys from Lambda need Lambda',
    message: 'Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace',
    broken: (candidate) => keysOf(candidate.prefix, 'lambda').length > 0 && !has('Lambda')(candidate),
  },
  {
    rule: 'every key of the query is in the prefix',
    message: "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
    broken: ({ queryKeys, prefix }) => queryKeys?.some((key) => !keysOf(prefix, 'query').includes(key)) === true,
  },
  {
    rule: 'every key of the prefix is in the query',
    message: "S3 Prefix can't contain keys that are not present in the MetaDataExtraction JQ Query", // ours
    broken: ({ queryKeys, prefix }) =>
      queryKeys !== undefined && keysOf(prefix, 'query').some((key) => !queryKeys.includes(key)),
  },
  {
    rule: 'expressions in the prefix need an error prefix',
    message: 'ErrorOutputPrefix cannot be null or empty when Prefix contains expressions',
    broken: ({ prefix, destination }) => hasExpressions(prefix) && !destination.ErrorOutputPrefix,
  },
  {
    rule: 'expressions in the error prefix include the error type',
    message: 'ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}',
    broken: ({ errorPrefix }) => hasExpressions(errorPrefix) && !holdsErrorType(errorPrefix),
  },
  {
    rule: 'no error type in the prefix',
    message: 'Prefix must not contain any occurrence of !{firehose:error-output-type}',
    broken: ({ prefix }) => holdsErrorType(prefix),
  },
  {
    rule: 'an evaluated prefix has a length',
    message: `Length of evaluated prefix cannot be greater than ${maxEvaluatedPrefix}`,
    broken: ({ prefix, errorPrefix }) => [prefix, errorPrefix].some((parts) => leastLength(parts) > maxEvaluatedPrefix),
  },
  {
    rule: 'a time zone that is known',
    message:
      'Provided custom time zone is not supported. Custom time zones are limited to UTC and non-3-letter IANA time zones.',
    broken: ({ destination: { CustomTimeZone: zone } }) =>
      zone !== undefined && zone !== 'UTC' && !Intl.supportedValuesOf('timeZone').includes(zone),
  },
  {
    rule: 'conversion writes its own compression',
    message:
      "The S3 destination's compression format must be set to UNCOMPRESSED when data format conversion is enabled.",
    broken: ({ destination }) =>
      converts(destination) && (destination.CompressionFormat ?? 'UNCOMPRESSED') !== 'UNCOMPRESSED',
  },
  {
    rule: 'conversion buffers 64 MiB at least',
    message: 'BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.',
    broken: ({ destination }) => converts(destination) && (destination.BufferingHints?.SizeInMBs ?? 128) < 64,
  },
  {
    rule: 'conversion has a table, a deserializer and a serializer',
    message:
      'DataFormatConversionConfiguration must have SchemaConfiguration with RoleARN, DatabaseName and TableName, one Deserializer and one Serializer when it is enabled.', // ours
    broken: ({ destination }) => {
      const conversion = conversionOf(destination);
      if (!conversion) return false;
      const { RoleARN, DatabaseName, TableName } = conversion.SchemaConfiguration ?? {};
      const { Deserializer = {} } = conversion.InputFormatConfiguration ?? {};
      const { Serializer = {} } = conversion.OutputFormatConfiguration ?? {};
      return !(RoleARN && DatabaseName && TableName) || [Deserializer, Serializer].some((one) => chosen(one) !== 1);
    },
  },
  {
    rule: 'no expressions but those of time in the prefix of a backup',
    message: 'The Prefix of S3BackupConfiguration can hold text, !{timestamp:…} and !{firehose:random-string} only.', // ours
    broken: ({ destination: { S3BackupConfiguration: backup } }) => {
      try {
        const prefix = parsePrefix(backup?.Prefix ?? '');
        return holdsKeys(prefix) || holdsErrorType(prefix);
      } catch {
        return true;
      }
    },
  },
  {
    rule: 'a backup needs a place',
    message: 'S3 backup destination configuration is required when enabling S3 backup.',
    broken: ({ destination }) =>
      destination.S3BackupMode === 'Enabled' && destination.S3BackupConfiguration === undefined,
  },
];

const converts = (destination: ExtendedS3Destination) => conversionOf(destination) !== undefined;

const chosen = (choice: object) => Object.values(choice).filter((one) => one !== undefined).length;

/** What conversion is not carried out with. */
function* notConverted({
  InputFormatConfiguration: input,
  OutputFormatConfiguration: output,
}: NonNullable<ReturnType<typeof conversionOf>>): Generator<string> {
  const { OrcSerDe, ParquetSerDe = {} } = output?.Serializer ?? {};
  if (OrcSerDe) yield 'OrcSerDe (ParquetSerDe is)';
  for (const [option, value] of Object.entries(ParquetSerDe))
    if (option !== 'Compression' && value !== undefined) yield `${option} of ParquetSerDe (Compression is)`;
  if (input?.Deserializer?.HiveJsonSerDe?.TimestampFormats) yield 'TimestampFormats of HiveJsonSerDe';
}

/** The parameters that a processor is carried out with. */
const carriedOut: Record<string, string[]> = {
  Lambda: ['LambdaArn', 'NumberOfRetries', 'RoleArn', 'BufferSizeInMBs', 'BufferIntervalInSeconds'],
  RecordDeAggregation: ['SubRecordType', 'Delimiter'],
  MetadataExtraction: ['MetadataExtractionQuery', 'JsonParsingEngine'],
  AppendDelimiterToRecord: ['Delimiter'],
};

/** What Firehose would take, and this one does not carry out: said at creation rather than left out in silence. */
function* notCarriedOut({ destination }: Candidate): Generator<string> {
  if (destination.EncryptionConfiguration?.KMSEncryptionConfig !== undefined) yield 'KMSEncryptionConfig';
  if (destination.S3BackupConfiguration?.EncryptionConfiguration?.KMSEncryptionConfig !== undefined)
    yield 'KMSEncryptionConfig of the backup';
  const conversion = conversionOf(destination);
  if (conversion) yield* notConverted(conversion);
  if (!destination.ProcessingConfiguration?.Enabled) return;
  for (const { Type, Parameters } of destination.ProcessingConfiguration.Processors ?? []) {
    if (!carriedOut[Type]) {
      yield `processor ${Type} (${Object.keys(carriedOut).join(', ')} are)`;
      continue;
    }
    for (const { ParameterName } of Parameters ?? []) {
      if (!carriedOut[Type].includes(ParameterName)) yield `parameter ${ParameterName} of ${Type}`;
    }
  }
}

const invalid = (message: string) => new AwsError('InvalidArgumentException', message);
const unsupported = (what: string) => invalid(`Not supported by the embedded Data Firehose: ${what}.`);

/** @throws AwsError InvalidArgumentException for the first thing that Firehose, or this one, does not take. */
export async function validateCreation(request: CreateRequest): Promise<ExtendedS3Destination> {
  const others = otherDestinations.filter((member) => request[member] !== undefined);
  if (others.length + (request.ExtendedS3DestinationConfiguration ? 1 : 0) !== 1)
    throw invalid('Exactly one destination configuration is supported for a Firehose');
  const type = request.DeliveryStreamType ?? 'DirectPut';
  if (type === 'KinesisStreamAsSource' && !request.KinesisStreamSourceConfiguration)
    throw invalid('KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.');
  if (!['KinesisStreamAsSource', 'DirectPut'].includes(type))
    throw unsupported(`DeliveryStreamType ${type} (KinesisStreamAsSource and DirectPut are)`);
  for (const [member, goesWith] of [
    ['KinesisStreamSourceConfiguration', 'KinesisStreamAsSource'],
    ['DirectPutSourceConfiguration', 'DirectPut'],
    ['MSKSourceConfiguration', 'MSKAsSource'],
    ['DatabaseSourceConfiguration', 'DatabaseAsSource'],
  ] as const)
    if (request[member] !== undefined && type !== goesWith)
      throw invalid(`${member} does not go with ${type} stream type.`);
  const destination = request.ExtendedS3DestinationConfiguration;
  if (!destination) throw unsupported(`${others[0]} (ExtendedS3DestinationConfiguration is)`);

  let prefix: Prefix;
  let errorPrefix: Prefix;
  try {
    // In UTC: whether the zone is known is one of the rules.
    prefix = parsePrefix(destination.Prefix ?? '');
    errorPrefix = parsePrefix(destination.ErrorOutputPrefix ?? '');
  } catch (error) {
    if (error instanceof PrefixError) throw invalid(error.message);
    if (error instanceof PrefixNotSupported) throw unsupported(error.message);
    throw error;
  }
  const query = parameterOf(processorOf(destination, 'MetadataExtraction'), 'MetadataExtractionQuery');
  const paths = query === undefined ? undefined : parsePaths(query);
  const queryKeys = paths ? [...paths.keys()] : query === undefined ? undefined : writtenKeys(query);
  const candidate: Candidate = {
    request,
    destination,
    dynamicPartitioning: destination.DynamicPartitioningConfiguration?.Enabled === true,
    prefix,
    errorPrefix,
    ...(queryKeys ? { queryKeys } : {}),
  };
  const broken = rules.find((rule) => rule.broken(candidate));
  if (broken) throw invalid(broken.message);
  for (const what of notCarriedOut(candidate)) throw unsupported(what);
  if (query !== undefined) {
    try {
      await compileQuery(query);
    } catch (error) {
      if (error instanceof FilterError) throw invalid(`MetaDataExtraction JQ Query is not valid: ${error.message}`);
      throw error;
    }
  }
  return destination;
}
