import { AwsError } from '../../json-service/aws-error.js';
import { configureDelivery, type DeliveryConfiguration, type Surroundings } from '../config/delivery-configuration.js';
import type { ExtendedS3Destination } from '../config/destination-shape.js';
import { type ParsedDestination, parseDestination } from '../config/parse-destination.js';
import { PrefixError, PrefixNotSupported } from '../config/prefix.js';
import { compileQuery } from '../config/query.js';
import { FunctionError } from '../functions/lambda-function.js';
import { FilterError } from '../jq/jq-program.js';
import { createJqPool } from '../jq/run/pool.js';
import { type CreateRequest, otherDestinations } from './request-model.js';
import { bufferingRules } from './rules/buffering-rules.js';
import { conversionAndBackupRules } from './rules/conversion-and-backup-rules.js';
import { prefixRules } from './rules/prefix-rules.js';
import { processorRules } from './rules/processor-rules.js';
import type { Rule } from './rules/rule.js';
import { unsupportedParts } from './unsupported.js';

/**
 * The rules for a destination, in the order in which they are checked. The messages are the service's own, gathered
 * from its users' records; where the service's wording is not known they are ours, and are marked.
 */
export const rules: Rule[] = [...bufferingRules, ...processorRules, ...prefixRules, ...conversionAndBackupRules];

const invalid = (message: string) => new AwsError('InvalidArgumentException', message);
const unsupported = (what: string) => invalid(`Not supported by the embedded Data Firehose: ${what}.`);

/** The one destination of a request, which goes with its source. @throws AwsError InvalidArgumentException */
function destinationOf(request: CreateRequest): ExtendedS3Destination {
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
  return destination;
}

/** @throws what the API answers instead of an error of the configuration; other errors as they are */
function refuse(error: unknown): never {
  if (error instanceof PrefixError) throw invalid(error.message);
  if (error instanceof PrefixNotSupported) throw unsupported(error.message);
  if (error instanceof FilterError) throw invalid(`MetaDataExtraction JQ Query is not valid: ${error.message}`);
  if (error instanceof FunctionError) throw unsupported(error.message);
  throw error;
}

function parsedOrRefused(destination: ExtendedS3Destination): ParsedDestination {
  try {
    return parseDestination(destination);
  } catch (error) {
    return refuse(error);
  }
}

/** The request's destination, parsed. @throws AwsError InvalidArgumentException for the first rule that it breaks */
function validated(request: CreateRequest): ParsedDestination {
  const parsed = parsedOrRefused(destinationOf(request));
  const broken = rules.find((rule) => rule.broken({ ...parsed, request }));
  if (broken) throw invalid(broken.message);
  for (const what of unsupportedParts(parsed.destination)) throw unsupported(what);
  return parsed;
}

/**
 * The delivery configuration that a request asks for, parsed once and ready to be delivered by.
 * @throws AwsError InvalidArgumentException for the first thing that Firehose, or this one, does not take
 */
export async function configurationOf(
  request: CreateRequest,
  surroundings: Surroundings,
): Promise<DeliveryConfiguration> {
  const parsed = validated(request);
  const fromKinesis = request.KinesisStreamSourceConfiguration !== undefined;
  return configureDelivery(parsed, fromKinesis, surroundings).catch(refuse);
}

/**
 * The request's destination, when no rule refuses it, whatever tables and functions there are.
 * @throws AwsError InvalidArgumentException
 */
export async function validateCreation(request: CreateRequest): Promise<ExtendedS3Destination> {
  const { destination, query } = validated(request);
  const jq = createJqPool();
  try {
    if (query) await compileQuery(query, jq).catch(refuse);
  } finally {
    await jq.close();
  }
  return destination;
}
