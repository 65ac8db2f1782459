import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { definePipeline } from '../src/pipeline/definition.js';
import type { Properties } from '../src/template/intrinsics.js';
import { makeTemplate, type Template } from '../src/template/template.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const textOf = (...folders: string[]) =>
  folders
    .flatMap(filesUnder)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

const standard = makeTemplate(definePipeline({ format: 'parquet' }), 'standard').template;
const trial = makeTemplate(definePipeline(), 'trial').template;

/** The calls that our own code makes: `kinesis:PutRecords`, from `PutRecordsCommand` and from `aws ssm get-parameter`. */
function sdkCalls(text: string): string[] {
  const imports = [...text.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g)];
  return imports.flatMap(([, names, service]) =>
    [...names!.matchAll(/\b(\w+)Command\b/g)].map(([, operation]) => `${service}:${operation}`),
  );
}
function cliCalls(text: string): string[] {
  const pascal = (name: string) => name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
  return [...text.matchAll(/\baws ([a-z0-9]+) ([a-z][a-z-]+)\b/g)].map(([, service, operation]) =>
    // The one high-level command of the CLI here: a copy from a bucket.
    service === 's3' && operation === 'cp' ? 's3:GetObject' : `${service}:${pascal(operation!)}`,
  );
}

/** A resource's text with its scripts' own line ends. */
const asWritten = (resource: unknown) => JSON.stringify(resource).replaceAll('\\n', '\n');
const bootText = asWritten(standard.Resources.ServerTemplate);
const deployFile = (name: string) => readFileSync(join(root, 'infra-scripts/deploy', name), 'utf8');
const serverCalls = new Set([
  ...sdkCalls(textOf('ingest-server/src')),
  ...cliCalls(bootText),
  ...['common.sh', 'boot-server.sh', 'metrics.sh', 'drain.sh'].flatMap((name) => cliCalls(deployFile(name))),
]);
const generatorCalls = new Set([
  ...sdkCalls(textOf('infra-scripts/src/generator', 'infra-scripts/src/athena')),
  ...cliCalls(asWritten(standard.Resources.GeneratorHost)),
  ...['common.sh', 'boot-generator.sh'].flatMap((name) => cliCalls(deployFile(name))),
]);

/** Each action of a role with what needs it: a call of ours, by its name, or a part of AWS that works in our name. */
const reasons: Record<string, Record<string, { ours: string } | { theirs: string }>> = {
  ServerRole: {
    'kinesis:PutRecords': { ours: 'kinesis:PutRecords' },
    'kinesis:ListShards': { ours: 'kinesis:ListShards' },
    's3:GetObject': { ours: 's3:GetObject' },
    'cloudformation:SignalResource': { ours: 'cloudformation:SignalResource' },
    'ssm:GetParameter': { ours: 'ssm:GetParameter' },
    'cloudwatch:PutMetricData': { ours: 'cloudwatch:PutMetricData' },
    'logs:CreateLogStream': { theirs: 'the CloudWatch agent, for its two streams' },
    'logs:DescribeLogStreams': { theirs: 'the CloudWatch agent, before it writes' },
    'logs:PutLogEvents': { theirs: 'the CloudWatch agent' },
    'autoscaling:CompleteLifecycleAction': { ours: 'autoscaling:CompleteLifecycleAction' },
    'autoscaling:RecordLifecycleActionHeartbeat': { ours: 'autoscaling:RecordLifecycleActionHeartbeat' },
  },
  GeneratorRole: {
    'kinesis:PutRecord': { ours: 'kinesis:PutRecord' },
    's3:GetObject': { ours: 's3:GetObject' },
    'cloudformation:SignalResource': { ours: 'cloudformation:SignalResource' },
    'athena:StartQueryExecution': { ours: 'athena:StartQueryExecution' },
    'athena:GetQueryExecution': { ours: 'athena:GetQueryExecution' },
    'athena:GetQueryResults': { ours: 'athena:GetQueryResults' },
    'athena:StopQueryExecution': { ours: 'athena:StopQueryExecution' },
    'glue:GetDatabase': { theirs: 'Athena, in the name of who asks, to find the table' },
    'glue:GetTable': { theirs: 'Athena, likewise' },
    'glue:GetPartitions': { theirs: 'Athena, likewise' },
    's3:GetBucketLocation': { theirs: 'Athena, likewise, for the lake and its answers' },
    's3:ListBucket': { ours: 's3:ListObjectsV2' },
    's3:PutObject': { theirs: 'Athena, to keep its answer' },
    's3:AbortMultipartUpload': { theirs: 'Athena, for a long answer' },
    's3:ListMultipartUploadParts': { theirs: 'Athena, for a long answer' },
  },
  // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
  DeliveryRole: Object.fromEntries(
    [
      's3:AbortMultipartUpload',
      's3:GetBucketLocation',
      's3:GetObject',
      's3:ListBucket',
      's3:ListBucketMultipartUploads',
      's3:PutObject',
      'kinesis:DescribeStream',
      'kinesis:GetShardIterator',
      'kinesis:GetRecords',
      'kinesis:ListShards',
      'logs:PutLogEvents',
      'glue:GetTable',
      'glue:GetTableVersion',
      'glue:GetTableVersions',
    ].map((action) => [action, { theirs: 'Firehose, by its documentation' }]),
  ),
};

interface Statement {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: unknown;
}

function statementsOf(template: Template, role: string): Statement[] {
  const { Policies } = template.Resources[role]!.Properties as { Policies: Properties[] };
  return Policies.flatMap((each) => (each.PolicyDocument as unknown as { Statement: Statement[] }).Statement);
}
const actionsOf = (template: Template, role: string) =>
  statementsOf(template, role).flatMap((statement) => statement.Action);

describe('every permission has its reason', () => {
  test.each(Object.keys(reasons))(
    '%s: each action is needed by a call of ours or by a part of AWS, and none is missing',
    (role) => {
      const known = reasons[role]!;
      expect(new Set(actionsOf(standard, role))).toEqual(new Set(Object.keys(known)));
      const calls = role === 'ServerRole' ? serverCalls : generatorCalls;
      const without = Object.entries(known).flatMap(([action, reason]) =>
        'ours' in reason && !calls.has(reason.ours) ? [`${action}: nothing calls ${reason.ours}`] : [],
      );
      expect(without).toEqual([]);
    },
  );

  test('no call of the ingest server, its scripts or the generator host lacks a permission', () => {
    const allowed = (role: string) =>
      new Set(Object.values(reasons[role]!).flatMap((reason) => ('ours' in reason ? [reason.ours] : [])));
    expect([...serverCalls].filter((call) => !allowed('ServerRole').has(call))).toEqual([]);
    // ListObjectsV2 is s3:ListBucket by its permission. ListStreams only helps a message along, and the message is given without it, too.
    const optional = ['kinesis:ListStreams'];
    expect(
      [...generatorCalls].filter((call) => !allowed('GeneratorRole').has(call) && !optional.includes(call)),
    ).toEqual([]);
  });

  test('the calls are found in the code: the reader sees them', () => {
    expect([...serverCalls].sort()).toEqual([
      'autoscaling:CompleteLifecycleAction',
      'autoscaling:RecordLifecycleActionHeartbeat',
      'cloudformation:SignalResource',
      'cloudwatch:PutMetricData',
      'kinesis:ListShards',
      'kinesis:PutRecords',
      's3:GetObject',
      'ssm:GetParameter',
    ]);
  });

  test('no action has a wildcard, and a resource is one only where the service knows no other', () => {
    for (const template of [standard, trial]) {
      for (const [name, { Type }] of Object.entries(template.Resources)) {
        if (Type !== 'AWS::IAM::Role') continue;
        for (const { Action, Resource, Effect, Sid } of statementsOf(template, name)) {
          expect(Effect).toBe('Allow');
          for (const action of Action) expect(action).toMatch(/^[a-z0-9]+:[A-Z][A-Za-z0-9]+$/);
          if (Resource === '*') expect(Sid).toBe('SayHowItIs');
        }
      }
    }
  });

  test('a trial has no group, and its server no permission for one', () => {
    expect(actionsOf(trial, 'ServerRole').filter((action) => action.startsWith('autoscaling'))).toEqual([]);
  });

  test('without Parquet Firehose may not read the catalogue', () => {
    expect(actionsOf(trial, 'DeliveryRole').filter((action) => action.startsWith('glue'))).toEqual([]);
  });

  test("Firehose's role is taken by Firehose for this account only, and hosts' roles by EC2", () => {
    const trusted = (role: string) => JSON.stringify(standard.Resources[role]!.Properties!.AssumeRolePolicyDocument);
    expect(trusted('DeliveryRole')).toContain('"Service":"firehose.amazonaws.com"');
    expect(trusted('DeliveryRole')).toContain('"StringEquals":{"sts:ExternalId":{"Ref":"AWS::AccountId"}}');
    for (const role of ['ServerRole', 'GeneratorRole'])
      expect(trusted(role)).toContain('"Service":"ec2.amazonaws.com"');
  });
});
