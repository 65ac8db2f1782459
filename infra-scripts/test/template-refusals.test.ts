import { describe, expect, test } from '@jest/globals';
import { type ExtendedS3Destination, parseRequest, validateCreation } from '@millrace/embedded-aws/firehose-rules';
import { combinations, resolved, templateOf } from './template-combinations.js';

type Processors = NonNullable<NonNullable<ExtendedS3Destination['ProcessingConfiguration']>['Processors']>;

/** What the embedded Firehose says of a configuration: nothing when it takes it. */
async function saidOf(properties: Record<string, unknown>): Promise<string | undefined> {
  try {
    await validateCreation(parseRequest('CreateDeliveryStream', properties));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const deliveryStreamOf = (at: (typeof combinations)[number]) => resolved(templateOf(at).template, 'DeliveryStream');
const [first] = combinations;
const properties = deliveryStreamOf(first!);
const s3 = properties.ExtendedS3DestinationConfiguration as ExtendedS3Destination;
const { Processors } = s3.ProcessingConfiguration as { Processors: Processors };
const one = (type: string) => Processors.find(({ Type }) => Type === type)!;
const processing = (...processors: Processors) => ({
  ProcessingConfiguration: { Enabled: true, Processors: processors },
});
const parameters = (Type: string, values: Record<string, string>): Processors[0] => ({
  Type: Type as Processors[0]['Type'],
  Parameters: Object.entries(values).map(([ParameterName, ParameterValue]) => ({
    ParameterName: ParameterName as never,
    ParameterValue,
  })),
});
const extraction = (MetadataExtractionQuery: string, JsonParsingEngine = 'JQ-1.6') =>
  parameters('MetadataExtraction', { MetadataExtractionQuery, JsonParsingEngine });
const lambda = parameters('Lambda', { LambdaArn: 'arn:aws:lambda:eu-central-1:123456789012:function:f' });
const unpartitioned = {
  DynamicPartitioningConfiguration: { Enabled: false },
  Prefix: 'all/',
  ErrorOutputPrefix: 'errors/',
};
const allOf = Processors;
const delimiter = parameters('AppendDelimiterToRecord', {});

/** Each refusal of AWS's that our configuration comes near, as the smallest change of the template that meets it, and AWS's words. */
const refusals: [what: string, change: object, words: string][] = [
  [
    'a smaller buffer',
    { BufferingHints: { SizeInMBs: 63, IntervalInSeconds: 60 } },
    'BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.',
  ],
  [
    'a shorter interval',
    { BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 59 } },
    'BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning is enabled.',
  ],
  [
    'a prefix without keys',
    { Prefix: 'all/' },
    'S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled',
  ],
  [
    'keys without partitioning',
    { ...unpartitioned, ...processing(delimiter), Prefix: s3.Prefix },
    'Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled.',
  ],
  [
    'a key in the error prefix',
    { ErrorOutputPrefix: `${s3.ErrorOutputPrefix}!{partitionKeyFromQuery:page}/` },
    "Dynamic Partitioning Namespaces can't be part of an error prefix expression",
  ],
  [
    'a key of the query that is not in the prefix',
    { Prefix: 'page=!{partitionKeyFromQuery:page}/' },
    "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
  ],
  [
    'another engine',
    processing(extraction('{page:.page,event:.event}', 'JQ-1.7')),
    'MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6',
  ],
  [
    'extraction without partitioning',
    { ...unpartitioned, ...processing(one('MetadataExtraction')) },
    'internal.model.MetadataExtractionProcessor can only be present when Dynamic Partitioning is enabled.',
  ],
  [
    'de-aggregation without partitioning',
    { ...unpartitioned, ...processing(one('RecordDeAggregation')) },
    'internal.model.RecordDeAggregationProcessor can only be present when Dynamic Partitioning is enabled.',
  ],
  [
    'processing turned off',
    { ProcessingConfiguration: { Enabled: false } },
    'Processing Configuration is not enabled when DataPartitioning is enabled',
  ],
  [
    'no extraction',
    processing(one('RecordDeAggregation')),
    'MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace',
  ],
  [
    'a key of a Lambda function that is not there',
    { Prefix: `${s3.Prefix}!{partitionKeyFromLambda:x}/` },
    'Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace',
  ],
  [
    'other sub-records',
    processing(parameters('RecordDeAggregation', { SubRecordType: 'XML' }), one('MetadataExtraction')),
    'SubRecordType has to be one of JSON, DELIMITED',
  ],
  [
    'delimited ones without a delimiter',
    processing(parameters('RecordDeAggregation', { SubRecordType: 'DELIMITED' }), one('MetadataExtraction')),
    'Delimiter should be present for DELIMITED',
  ],
  [
    'no processor',
    processing(),
    'A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.',
  ],
  [
    'six processors',
    processing(...allOf, ...Array.from({ length: 6 - allOf.length }, () => delimiter)),
    'A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.',
  ],
  ['two Lambda functions', processing(one('MetadataExtraction'), lambda, lambda), 'Cannot have more than 1 Lambda'],
  [
    'no error prefix',
    { ErrorOutputPrefix: '' },
    'ErrorOutputPrefix cannot be null or empty when Prefix contains expressions',
  ],
  [
    'an error prefix without the kind of error',
    { ErrorOutputPrefix: 'errors/!{timestamp:yyyy}/' },
    'ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}',
  ],
  [
    'the kind of error in the prefix',
    { Prefix: `${s3.Prefix}!{firehose:error-output-type}/` },
    'Prefix must not contain any occurrence of !{firehose:error-output-type}',
  ],
  ['a stray expression', { Prefix: `${s3.Prefix}!{` }, 'Invalid expression usage'],
  ['an unknown namespace', { Prefix: `${s3.Prefix}!{date:yyyy}/` }, 'is an invalid keyword!'],
  [
    'a letter that is no part of a time',
    { Prefix: `${s3.Prefix}!{timestamp:P}/` },
    'Invalid conversion character used in the value of the expression in Prefix',
  ],
  [
    'a long prefix',
    { Prefix: `${s3.Prefix}${'x'.repeat(520)}` },
    'Length of evaluated prefix cannot be greater than 512',
  ],
  ['a time zone that AWS has not', { CustomTimeZone: 'EST5' }, 'Provided custom time zone is not supported.'],
];

describe("Firehose's refusals are run against the template", () => {
  test.each(combinations)('$name is refused by none of them', async (combination) => {
    const said = await saidOf(deliveryStreamOf(combination));
    if (combination.settings.format === 'parquet') expect(said ?? 'Not supported').toMatch(/^Not supported/);
    else expect(said).toBeUndefined();
  });

  test.each(refusals)('%s would be', async (_, change, words) => {
    expect(await saidOf({ ...properties, ExtendedS3DestinationConfiguration: { ...s3, ...change } })).toContain(words);
  });
});
