import { evaluatePrefix, hasExpressions, keysOf, maxEvaluatedPrefix, type Prefix } from '../../config/prefix.js';
import { processorOf } from '../../config/processors.js';
import { holdsErrorType, holdsKeys, type Rule } from './rule.js';

/** The least length that the fixed parts of a prefix give. */
const leastLength = (prefix: Prefix) =>
  evaluatePrefix(prefix, { key: () => '', arrivalMs: 0, random: () => '*'.repeat(11) }).length;

/** Prefixes, and the keys that they take from the query and from Lambda. */
export const prefixRules: Rule[] = [
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
    broken: (candidate) =>
      keysOf(candidate.prefix, 'query').length > 0 && !processorOf(candidate.destination, 'MetadataExtraction'),
  },
  {
    rule: 'keys from Lambda need Lambda',
    message: 'Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace',
    broken: (candidate) =>
      keysOf(candidate.prefix, 'lambda').length > 0 && !processorOf(candidate.destination, 'Lambda'),
  },
  {
    rule: 'every key of the query is in the prefix',
    message: "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
    broken: ({ query, prefix }) => query?.keys?.some((key) => !keysOf(prefix, 'query').includes(key)) === true,
  },
  {
    rule: 'every key of the prefix is in the query',
    message: "S3 Prefix can't contain keys that are not present in the MetaDataExtraction JQ Query", // ours
    broken: ({ query, prefix }) =>
      query?.keys !== undefined && keysOf(prefix, 'query').some((key) => !query.keys!.includes(key)),
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
];
