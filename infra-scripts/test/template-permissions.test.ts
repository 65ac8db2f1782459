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
  ...sdkCalls(textOf('generator/src', 'lake/src/athena', 'lake/src/s3-select', 'infra-scripts/src/redrive')),
  ...cliCalls(asWritten(standard.Resources.GeneratorHost)),
  ...['common.sh', 'boot-generator.sh'].flatMap((name) => cliCalls(deployFile(name))),
]);

/** The permission that a call needs, where it has another name. */
const permissions: Record<string, string> = {
  's3:ListObjectsV2': 's3:ListBucket',
  's3:SelectObjectContent': 's3:GetObject',
};

/** A call of ours, by its name, or a part of AWS that works in our name. */
type Reason = { ours: string } | { theirs: string };

const toSessionManager = { theirs: 'the SSM agent, for Session Manager' };

/** What boots every host, and what reaches it. */
const boot: Record<string, Record<string, Reason>> = {
  FetchTheRelease: { 's3:GetObject': { ours: 's3:GetObject' } },
  SignalTheStack: { 'cloudformation:SignalResource': { ours: 'cloudformation:SignalResource' } },
  OpenSessions: {
    'ssm:UpdateInstanceInformation': toSessionManager,
    'ssmmessages:CreateControlChannel': toSessionManager,
    'ssmmessages:CreateDataChannel': toSessionManager,
    'ssmmessages:OpenControlChannel': toSessionManager,
    'ssmmessages:OpenDataChannel': toSessionManager,
  },
};
const byItsDocumentation = (...actions: string[]) =>
  Object.fromEntries(actions.map((action) => [action, { theirs: 'Firehose, by its documentation' }]));

/** Each statement of a role, by its Sid, and each action in it with what needs it. */
const reasons: Record<string, Record<string, Record<string, Reason>>> = {
  ServerRole: {
    ...boot,
    PutEvents: {
      'kinesis:PutRecords': { ours: 'kinesis:PutRecords' },
      'kinesis:ListShards': { ours: 'kinesis:ListShards' },
    },
    ReadWhatCameLast: {
      'kinesis:GetShardIterator': { ours: 'kinesis:GetShardIterator' },
      'kinesis:GetRecords': { ours: 'kinesis:GetRecords' },
    },
    ReadTheWriteKeys: { 'ssm:GetParameter': { ours: 'ssm:GetParameter' } },
    SayHowItIs: { 'cloudwatch:PutMetricData': { ours: 'cloudwatch:PutMetricData' } },
    WriteTheLog: {
      'logs:CreateLogStream': { theirs: 'the CloudWatch agent, for its two streams' },
      'logs:DescribeLogStreams': { theirs: 'the CloudWatch agent, before it writes' },
      'logs:PutLogEvents': { theirs: 'the CloudWatch agent' },
    },
    LeaveWhenEmpty: {
      'autoscaling:CompleteLifecycleAction': { ours: 'autoscaling:CompleteLifecycleAction' },
      'autoscaling:RecordLifecycleActionHeartbeat': { ours: 'autoscaling:RecordLifecycleActionHeartbeat' },
    },
  },
  GeneratorRole: {
    ...boot,
    PutEvents: { 'kinesis:PutRecord': { ours: 'kinesis:PutRecord' } },
    AskAthena: {
      'athena:StartQueryExecution': { ours: 'athena:StartQueryExecution' },
      'athena:GetQueryExecution': { ours: 'athena:GetQueryExecution' },
      'athena:GetQueryResults': { ours: 'athena:GetQueryResults' },
      'athena:StopQueryExecution': { ours: 'athena:StopQueryExecution' },
    },
    ReadTheCatalogue: {
      'glue:GetDatabase': { theirs: 'Athena, in the name of who asks, to find the table' },
      'glue:GetTable': { theirs: 'Athena, likewise' },
      'glue:GetPartitions': { theirs: 'Athena, likewise' },
    },
    ReadTheLake: {
      's3:GetBucketLocation': { theirs: 'Athena, likewise, for the lake and its answers' },
      's3:ListBucket': { ours: 's3:ListObjectsV2' },
      's3:GetObject': { ours: 's3:SelectObjectContent' },
    },
    KeepTheAnswers: {
      's3:PutObject': { theirs: 'Athena, to keep its answer' },
      's3:AbortMultipartUpload': { theirs: 'Athena, for a long answer' },
      's3:ListMultipartUploadParts': { theirs: 'Athena, for a long answer' },
    },
  },
  // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
  DeliveryRole: {
    WriteTheLake: byItsDocumentation(
      's3:AbortMultipartUpload',
      's3:GetBucketLocation',
      's3:GetObject',
      's3:ListBucket',
      's3:ListBucketMultipartUploads',
      's3:PutObject',
    ),
    ReadTheStream: byItsDocumentation(
      'kinesis:DescribeStream',
      'kinesis:GetShardIterator',
      'kinesis:GetRecords',
      'kinesis:ListShards',
    ),
    WriteTheLog: byItsDocumentation('logs:PutLogEvents'),
    ReadTheSchema: byItsDocumentation('glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'),
  },
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
  const cases = Object.entries(reasons).flatMap(([role, statements]) =>
    Object.entries(statements).map(([Sid, actions]) => ({ role, Sid, actions })),
  );
  test.each(cases)(
    '$role, $Sid: each action is needed by a call of ours or by a part of AWS, and no other is in it',
    ({ role, Sid, actions }) => {
      const [statement, ...more] = statementsOf(standard, role).filter((each) => each.Sid === Sid);
      expect(more).toEqual([]);
      expect(new Set(statement?.Action)).toEqual(new Set(Object.keys(actions)));
      const calls = role === 'ServerRole' ? serverCalls : generatorCalls;
      for (const [action, reason] of Object.entries(actions)) {
        if (!('ours' in reason)) continue;
        expect({ call: reason.ours, isMade: calls.has(reason.ours) }).toEqual({ call: reason.ours, isMade: true });
        expect(permissions[reason.ours] ?? reason.ours).toBe(action);
      }
    },
  );

  test('no role has a statement without a reason', () => {
    for (const template of [standard, trial]) {
      for (const role of Object.keys(reasons)) {
        const unknown = statementsOf(template, role).filter(({ Sid }) => !(Sid in reasons[role]!));
        expect(unknown).toEqual([]);
      }
    }
  });

  test('no call of the ingest server, its scripts or the generator host lacks a permission', () => {
    const lacking = (calls: Set<string>, role: string) => {
      const allowed = new Set(actionsOf(standard, role));
      return [...calls].filter((call) => !allowed.has(permissions[call] ?? call));
    };
    expect(lacking(serverCalls, 'ServerRole')).toEqual([]);
    // Only helps a message along, and the message is given without it, too.
    expect(lacking(generatorCalls, 'GeneratorRole')).toEqual(['kinesis:ListStreams']);
  });

  test('the calls are found in the code: the reader sees them', () => {
    expect([...serverCalls].sort()).toEqual([
      'autoscaling:CompleteLifecycleAction',
      'autoscaling:RecordLifecycleActionHeartbeat',
      'cloudformation:SignalResource',
      'cloudwatch:PutMetricData',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
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
          if (Resource === '*') expect(['SayHowItIs', 'OpenSessions']).toContain(Sid);
        }
      }
    }
  });

  test('no role has a policy that AWS or somebody else writes: what it may do is all in the template', () => {
    const roles = [standard, trial].flatMap(({ Resources }) =>
      Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role'),
    );
    expect(roles.map(([name]) => name).sort()).toEqual(
      ['DeliveryRole', 'GeneratorRole', 'ServerRole'].flatMap((name) => [name, name]),
    );
    for (const [, { Properties }] of roles) expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    const policies = [standard, trial].flatMap(({ Resources }) =>
      Object.values(Resources).filter(({ Type }) => /^AWS::IAM::.*Policy$/.test(Type)),
    );
    expect(policies).toEqual([]);
  });

  test('a host reads no SSM parameter but the write keys, and the generator none', () => {
    for (const template of [standard, trial]) {
      const readers = Object.keys(reasons).flatMap((role) =>
        statementsOf(template, role).filter(({ Action }) => Action.some((action) => /^ssm:Get/.test(action))),
      );
      expect(readers.map(({ Sid, Resource }) => [Sid, JSON.stringify(Resource)])).toEqual([
        ['ReadTheWriteKeys', expect.stringMatching(/:parameter\$\{WriteKeysParameter\}"/)],
      ]);
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

test('docs/on-aws.md lists each permission that the commands of a deployment need themselves', () => {
  const actionOf = (call: string) => {
    const [service, operation] = call.split(':') as [string, string];
    const names: Record<string, string> = {
      's3:HeadBucket': 's3:ListBucket',
      's3:HeadObject': 's3:GetObject',
      's3:DeleteObjects': 's3:DeleteObject',
      's3:PutPublicAccessBlock': 's3:PutBucketPublicAccessBlock',
      's3:ListObjectVersions': 's3:ListBucketVersions',
      'cloudwatch-logs:FilterLogEvents': 'logs:FilterLogEvents',
      ...permissions,
    };
    return names[call] ?? `${service}:${operation}`;
  };
  const calls = sdkCalls(textOf('infra-scripts/src/deploy', 'lake/src/athena', 'lake/src/s3-select'));
  // What they ask through the pipeline's own description, and the session that the AWS CLI opens.
  const needed = new Set([...calls.map(actionOf), 'firehose:DescribeDeliveryStream', 'ssm:StartSession']);
  expect(needed.size).toBeGreaterThan(25);
  const text = readFileSync(join(root, 'docs/on-aws.md'), 'utf8');
  const part = text.split('### Permissions')[1]!.split('\n## ')[0]!;
  const listed = new Set([...part.matchAll(/`([a-z0-9]+:[A-Z]\w+)`/g)].map(([, action]) => action!));
  expect([...needed].filter((action) => !listed.has(action))).toEqual([]);
  // Beyond these only a version of an object is deleted by another name.
  expect([...listed].filter((action) => !needed.has(action))).toEqual(['s3:DeleteObjectVersion']);
});
