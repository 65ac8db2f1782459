import { bucketArn, deliveryRoleArn, streamArn } from '../pipeline/arns.js';
import type { Pipeline } from '../pipeline/definition.js';
import {
  asProperties,
  att,
  type Properties,
  type Resources,
  ref,
  replacing,
  sub,
  type Value,
  when,
} from './intrinsics.js';
import { deliveryLogGroup, lakeArn } from './names.js';
import { policy, type Statement, trust } from './policy.js';

/** Firehose: the delivery stream exactly as it is defined, its role, and the log that it writes its troubles to. */
export function deliveryResources(pipeline: Pipeline): Resources {
  const { settings } = pipeline;
  return {
    DeliveryLogGroup: {
      comment:
        'What Firehose could not do, line by line (it samples). Firehose makes neither group nor stream by itself.',
      Type: 'AWS::Logs::LogGroup',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Retain',
      Properties: { LogGroupName: deliveryLogGroup(settings), RetentionInDays: 30 },
    },
    DeliveryLogStream: {
      comment: 'The stream in it that the delivery stream names.',
      Type: 'AWS::Logs::LogStream',
      Properties: { LogGroupName: ref('DeliveryLogGroup'), LogStreamName: 'DestinationDelivery' },
    },
    DeliveryRole: {
      comment: 'The permissions of Firehose: read this stream, write this bucket, write its log.',
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('firehose.amazonaws.com', {
          // Firehose names the account that it works for: no other account's delivery stream can take this role.
          StringEquals: { 'sts:ExternalId': ref('AWS::AccountId') },
        }),
        Policies: [policy('delivery', deliveryStatements(pipeline))],
      },
    },
    DeliveryStream: {
      comment:
        'Takes the records apart, reads page and event out of each event with jq, and writes one object a partition.',
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      DependsOn: ['DeliveryLogStream', ...(settings.format === 'parquet' ? ['EventsTable'] : [])],
      Properties: deliveryProperties(pipeline),
    },
  };
}

/** The definition's request, with the stack's own resources in the place of the ARNs. */
function deliveryProperties({ deliveryStream, settings }: Pipeline): Properties {
  const replacements = new Map<string, Value>([
    [deliveryRoleArn(settings), att('DeliveryRole', 'Arn')],
    [streamArn(settings), att('Stream', 'Arn')],
    // By the bucket's own ARN where the stack makes it, so that it is there first.
    [bucketArn(settings), when('CreateLake', att('LakeBucket', 'Arn'), lakeArn(settings))],
    [settings.region, ref('AWS::Region')],
  ]);
  return replacing(asProperties(deliveryStream), replacements) as Properties;
}

function deliveryStatements({ settings }: Pipeline): Statement[] {
  const { database, table, format } = settings;
  const glue = (path: string) => sub(`arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}:${path}`);
  return [
    {
      Sid: 'WriteTheLake',
      Effect: 'Allow',
      Action: [
        's3:AbortMultipartUpload',
        's3:GetBucketLocation',
        's3:GetObject',
        's3:ListBucket',
        's3:ListBucketMultipartUploads',
        's3:PutObject',
      ],
      Resource: [lakeArn(settings), lakeArn(settings, '/*')],
    },
    {
      Sid: 'ReadTheStream',
      Effect: 'Allow',
      Action: ['kinesis:DescribeStream', 'kinesis:GetShardIterator', 'kinesis:GetRecords', 'kinesis:ListShards'],
      Resource: att('Stream', 'Arn'),
    },
    {
      Sid: 'WriteTheLog',
      Effect: 'Allow',
      Action: ['logs:PutLogEvents'],
      Resource: sub(
        `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:${deliveryLogGroup(settings)}:log-stream:*`,
      ),
    },
    ...(format === 'parquet'
      ? [
          {
            Sid: 'ReadTheSchema',
            Effect: 'Allow' as const,
            Action: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
            Resource: [glue('catalog'), glue(`database/${database}`), glue(`table/${database}/${table}`)],
          },
        ]
      : []),
  ];
}
