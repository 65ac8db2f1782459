import type { Pipeline } from '../pipeline/definition.js';
import type { TableInput } from '../pipeline/table.js';
import { asProperties, join, type Properties, type Resources, ref, sub, type Value } from './intrinsics.js';
import { athenaResults, lakeArn, lakeBucket, workGroup } from './names.js';
import type { Statement } from './policy.js';

/** Glue's catalogue and Athena's work group. */
export function queryResources(pipeline: Pipeline): Resources {
  const { settings, table, errorTable } = pipeline;
  return {
    Database: {
      comment: 'The catalogue that Athena looks the tables up in.',
      Type: 'AWS::Glue::Database',
      Properties: {
        CatalogId: ref('AWS::AccountId'),
        DatabaseInput: { Name: settings.database, Description: 'The clickstream, by Millrace.' },
      },
    },
    EventsTable: {
      comment:
        'One row per event as delivered. The partitions are projected: every declared page and event, _other and the quarantine; nothing crawls.',
      Type: 'AWS::Glue::Table',
      Properties: {
        CatalogId: ref('AWS::AccountId'),
        DatabaseName: ref('Database'),
        TableInput: tableProperties(pipeline, table),
      },
    },
    ErrorsTable: {
      comment: 'The records that Firehose could not deliver, as it wrote them.',
      Type: 'AWS::Glue::Table',
      Properties: {
        CatalogId: ref('AWS::AccountId'),
        DatabaseName: ref('Database'),
        TableInput: tableProperties(pipeline, errorTable),
      },
    },
    WorkGroup: {
      comment:
        'Queries run here: a query that would scan more than the limit is cancelled, and answers lie encrypted in the lake for a week.',
      Type: 'AWS::Athena::WorkGroup',
      Properties: {
        Name: workGroup(settings),
        RecursiveDeleteOption: true,
        WorkGroupConfiguration: {
          EnforceWorkGroupConfiguration: true,
          PublishCloudWatchMetricsEnabled: true,
          BytesScannedCutoffPerQuery: ref('ScanLimitBytes'),
          ResultConfiguration: {
            OutputLocation: join('s3://', lakeBucket(settings), `/${athenaResults}`),
            EncryptionConfiguration: { EncryptionOption: 'SSE_S3' },
          },
        },
      },
    },
  };
}

/** A table as it is defined, with the bucket's name as the stack has it. */
function tableProperties({ settings }: Pipeline, table: TableInput): Properties {
  const place = `s3://${settings.bucket}/`;
  const moved = (value: Value): Value => {
    if (typeof value === 'string')
      return value.startsWith(place) ? join('s3://', lakeBucket(settings), `/${value.slice(place.length)}`) : value;
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, moved(each)]));
  };
  return moved(asProperties(table)) as Properties;
}

/** What it takes to run `millrace query` and `millrace ls` against Athena. */
export function queryStatements({ settings }: Pipeline): Statement[] {
  const { database } = settings;
  const arn = (service: string, path: string) =>
    sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${path}`);
  return [
    {
      Sid: 'AskAthena',
      Effect: 'Allow',
      Action: [
        'athena:StartQueryExecution',
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:StopQueryExecution',
      ],
      Resource: arn('athena', `workgroup/${workGroup(settings)}`),
    },
    {
      Sid: 'ReadTheCatalogue',
      Effect: 'Allow',
      Action: ['glue:GetDatabase', 'glue:GetTable', 'glue:GetPartitions'],
      Resource: [arn('glue', 'catalog'), arn('glue', `database/${database}`), arn('glue', `table/${database}/*`)],
    },
    {
      Sid: 'ReadTheLake',
      Effect: 'Allow',
      Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:GetObject'],
      Resource: [lakeArn(settings), lakeArn(settings, '/*')],
    },
    {
      Sid: 'KeepTheAnswers',
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      Resource: lakeArn(settings, `/${athenaResults}*`),
    },
  ];
}
