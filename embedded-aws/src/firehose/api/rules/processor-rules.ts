import { isBase64 } from '../../../base64.js';
import { parameterOf, processorOf } from '../../config/processors.js';
import type { Candidate, Rule } from './rule.js';

const processorClass = (name: string) =>
  `class com.amazonaws.services.firehose.internal.model.${name} can only be present when Dynamic Partitioning is enabled.`;

type ProcessorType = Parameters<typeof processorOf>[1];
const has = (type: ProcessorType) => (candidate: Candidate) => processorOf(candidate.destination, type) !== undefined;
const count = ({ destination }: Candidate, type: ProcessorType) =>
  destination.ProcessingConfiguration?.Processors?.filter((processor) => processor.Type === type).length ?? 0;
const parameter = ({ destination }: Candidate, type: ProcessorType, name: string) =>
  parameterOf(processorOf(destination, type), name);

/** Processors and their parameters. */
export const processorRules: Rule[] = [
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
      // Not the empty text, which is base64 of no delimiter.
      !isBase64(parameter(candidate, 'RecordDeAggregation', 'Delimiter') || '-'),
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
];
