import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { settingsManual } from '@millrace/ingest-server';
import { defineCatalogue } from '@millrace/sdk/schema';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { needs } from '@millrace/testing/needs';
import { parse } from 'yaml';
import { definePipeline } from '../src/pipeline/definition.js';
import { watched } from '../src/plan/cost.js';
import type { Properties } from '../src/template/intrinsics.js';
import { makeTemplate, type Template } from '../src/template/template.js';
import { committedTemplates } from '../src/template/variants.js';
import { templateYaml } from '../src/template/yaml.js';
import {
  accountId,
  combinations,
  defined,
  pairsOf,
  pairwise,
  region,
  resolved,
  templateOf,
} from './template-combinations.js';
import { resolveValue } from './template-resolve.js';

const groupResources = {
  SubnetA: 'a',
  SubnetB: 'b',
  ServerTargets: 'targets',
  ServerTemplate: 'lt',
  'ServerTemplate.LatestVersionNumber': '1',
};

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The combinations for what takes long. */
const tried = inForm(pairwise, combinations);
const leftOut = `${tried.length} of ${combinations.length} combinations, in which every two settings meet`;

test('in the combinations of the short form every two settings meet', () => {
  expect(new Set(pairwise.flatMap(pairsOf))).toEqual(new Set(combinations.flatMap(pairsOf)));
});

describe('one definition', () => {
  test('the committed templates are those that are made here', () => {
    const folder = join(root, 'infra-scripts/cloudformation');
    const made = committedTemplates();
    // If not: node infra-scripts/dist/src/write-generated.js
    expect(readdirSync(folder).sort()).toEqual(Object.keys(made).sort());
    for (const [file, text] of Object.entries(made)) expect(readFileSync(join(folder, file), 'utf8')).toBe(text);
  });

  test.each(Object.entries(committedTemplates()))(
    '%s: every setting that it gives a server reaches the server',
    (_, text) => {
      const given = new Set([...text.matchAll(/export (MILLRACE_\w+)=/g)].map(([, name]) => name!));
      const script = readFileSync(join(root, 'infra-scripts/deploy/boot-server.sh'), 'utf8');
      const environment = /ingest\.env <<END\n(.*?)\nEND/s.exec(script)![1]!;
      const passed = new Set(
        [...environment.matchAll(/^MILLRACE_\w+=.*\$\{?(MILLRACE_\w+)/gm)].map(([, name]) => name!),
      );
      const settings = settingsManual().map(({ name }) => name);
      for (const name of settings) if (given.has(name)) expect(passed).toContain(name);
      expect(given.size).toBeGreaterThan(8);
    },
  );

  test.each(combinations)('$name: every property of the stream is what the embedded AWS is given', (combination) => {
    const { RetentionPeriodHours, StreamEncryption, Name, ...rest } = resolved(
      templateOf(combination).template,
      'Stream',
    );
    const { stream, settings } = defined(combination.settings);
    expect({ StreamName: Name, ...rest }).toEqual(stream);
    // CreateStream knows neither: they are calls of their own.
    expect(RetentionPeriodHours).toBe(settings.retentionHours);
    expect(StreamEncryption).toEqual({ EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' });
  });

  test.each(combinations)('$name: every property of the delivery stream is, too', (combination) => {
    const { template } = templateOf(combination);
    expect(resolved(template, 'DeliveryStream')).toEqual(defined(combination.settings).deliveryStream);
  });

  test.each(combinations)('$name: and of the tables', (combination) => {
    const { template } = templateOf(combination);
    const { table, errorTable } = defined(combination.settings);
    expect(resolved(template, 'EventsTable').TableInput).toEqual(table);
    expect(resolved(template, 'ErrorsTable').TableInput).toEqual(errorTable);
  });

  test(`the YAML says what the template says, and what each resource is for${leavesOut(leftOut)}`, () => {
    for (const combination of tried) {
      const described = templateOf(combination);
      const text = templateYaml(described, ['head']);
      expect(parse(text)).toEqual(described.template);
      for (const comment of Object.values(described.comments)) expect(text).toContain(`# ${comment}\n`);
    }
  });

  test('another catalogue, buffer and names reach the template', () => {
    const catalogue = defineCatalogue({ pages: ['tools'], events: ['rented'] });
    const { template } = makeTemplate(
      definePipeline({
        catalogue,
        bufferSizeMiB: 128,
        bufferIntervalSeconds: 300,
        stream: 'clicks',
        retentionHours: 48,
      }),
      'standard',
    );
    const text = JSON.stringify(template);
    expect(text).toContain('tools,cart,_other,_quarantine,_ledger');
    expect(text).toContain('{\\"pages\\":[\\"tools\\",\\"cart\\"]');
    expect(template.Resources.Stream!.Properties).toMatchObject({ Name: 'clicks', RetentionPeriodHours: 48 });
    expect(JSON.stringify(template.Resources.DeliveryStream)).toContain('"SizeInMBs":128,"IntervalInSeconds":300');
  });

  test('a bucket name that leaves no room for account and region is refused', () => {
    expect(() => makeTemplate(definePipeline({ bucket: 'x'.repeat(36) }), 'trial')).toThrow(/bucket: .* at most 35/);
  });
});

needs('cfn-lint').describe('cfn-lint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-template-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What cfn-lint finds in each template, with its path in there, such as `Resources.Stream.Properties.ShardCount`. */
  const lint = (templates: Template[]) => {
    const files = templates.map((template, index) => {
      const file = join(folder, `${index}.json`);
      writeFileSync(file, JSON.stringify(template));
      return file;
    });
    const { status, stdout, stderr } = spawnSync('cfn-lint', ['--format', 'json', ...files], { encoding: 'utf8' });
    // Its codes are the sum of 2, 4 and 8 for errors, warnings and information; others mean that it did not run.
    if (status === null || (status & ~14) !== 0 || stderr !== '') throw new Error(`cfn-lint: ${status} ${stderr}`);
    const all = JSON.parse(stdout) as { Filename: string; Message: string; Location: { Path: (string | number)[] } }[];
    return files.map((file) =>
      all
        .filter(({ Filename }) => Filename === file)
        .map(({ Message, Location }) => ({ path: Location.Path.join('.'), message: Message })),
    );
  };

  test(`finds nothing, not even a warning, in any combination of settings${leavesOut(leftOut)}`, () => {
    expect(findings().slice(1)).toEqual(tried.map(() => []));
  }, 300_000);

  /** Errors of the kind that reads well and fails after ten minutes: where each is planted. */
  const planted: { what: string; at: string[]; value: unknown }[] = [
    {
      what: 'a property that Firehose has not',
      at: ['Resources', 'DeliveryStream', 'Properties', 'BufferSize'],
      value: 5,
    },
    {
      what: 'a buffer beyond its bounds',
      at: [
        ...['Resources', 'DeliveryStream', 'Properties', 'ExtendedS3DestinationConfiguration'],
        ...['BufferingHints', 'SizeInMBs'],
      ],
      value: 1_000,
    },
    {
      what: 'a reference to nothing',
      at: ['Resources', 'Servers', 'Properties', 'TargetGroupARNs'],
      value: [{ Ref: 'ServerTarget' }],
    },
    {
      what: 'an attribute that a resource has not',
      at: ['Outputs', 'LoadBalancerName', 'Value'],
      value: { 'Fn::GetAtt': ['LoadBalancer', 'Address'] },
    },
    { what: 'text for a number', at: ['Resources', 'Stream', 'Properties', 'ShardCount'], value: 'two' },
    {
      what: 'a policy with a word misspelt',
      at: ['Resources', 'LakeBucketPolicy', 'Properties', 'PolicyDocument', 'Statement', '0', 'Efect'],
      value: 'Deny',
    },
    { what: 'a condition that is not there', at: ['Resources', 'HttpsListener', 'Condition'], value: 'HasCert' },
    { what: 'a parameter that nothing uses', at: ['Parameters', 'Colour'], value: { Type: 'String' } },
  ];

  /** In a template with every error planted, and in each of `tried`. One run for both tests: it starts slowly. */
  let found: ReturnType<typeof lint> | undefined;
  const findings = () => {
    const copy = structuredClone(templateOf(combinations[0]!).template);
    for (const { at, value } of planted) set(copy as unknown as Record<string, never>, at, value);
    found ??= lint([copy, ...tried.map((each) => templateOf(each).template)]);
    return found;
  };

  test('finds every error that is planted', () => {
    const [inCopy] = findings();
    const missed = planted.filter(({ at }) => !inCopy!.some(({ path }) => path.startsWith(at.join('.'))));
    expect(missed).toEqual([]);
  }, 300_000);
});

function set(target: Record<string, never>, path: string[], value: unknown): void {
  const last = path.at(-1)!;
  const at = path
    .slice(0, -1)
    .reduce<Record<string, unknown>>((each, step) => each[step] as Record<string, unknown>, target);
  at[last] = value;
}

describe('what nobody has to ask for', () => {
  const templates = combinations.map((each) => [each.name, templateOf(each).template] as const);
  const resourcesOf = (template: Template, type: string) =>
    Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);

  test.each(templates)(
    '%s: the bucket is private, encrypted, versioned, stays, and refuses plain HTTP',
    (_, template) => {
      const bucket = template.Resources.LakeBucket!;
      expect(bucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      expect(bucket.Properties).toMatchObject({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
      });
      expect(JSON.stringify(bucket.Properties)).toContain('"SSEAlgorithm":"AES256"');
      const [statement] = (resolved(template, 'LakeBucketPolicy').PolicyDocument as { Statement: Properties[] })
        .Statement;
      expect(statement).toEqual({
        Sid: 'RefusePlainHttp',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [
          'arn:aws:s3:::millrace-lake-123456789012-eu-central-1',
          'arn:aws:s3:::millrace-lake-123456789012-eu-central-1/*',
        ],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
    },
  );

  test.each(templates)('%s: nothing gets in by SSH, and hosts answer metadata to IMDSv2 only', (_, template) => {
    const ports = resourcesOf(template, 'AWS::EC2::SecurityGroup').flatMap(([, { Properties: group }]) =>
      [...JSON.stringify(group?.SecurityGroupIngress ?? []).matchAll(/"FromPort":(\d+),"ToPort":(\d+)/g)].map(
        ([, from, to]) => `${from}-${to}`,
      ),
    );
    expect(ports.length).toBeGreaterThan(0);
    for (const each of ports) expect(['80-80', '443-443', '8080-8080']).toContain(each);
    const text = JSON.stringify(template);
    expect(text).not.toContain('KeyName');
    const options = [...text.matchAll(/"MetadataOptions":(\{[^}]*\})/g)].map(([, each]) => JSON.parse(each!));
    expect(options).toHaveLength(2);
    for (const each of options) expect(each).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 });
    expect(text.match(/"Encrypted":true/g)).toHaveLength(2);
  });

  test.each(templates)('%s: no host starts before the delivery stream is ACTIVE', (_, template) => {
    const hosts = Object.entries(template.Resources).filter(
      ([, { Type }]) => Type === 'AWS::EC2::Instance' || Type === 'AWS::AutoScaling::AutoScalingGroup',
    );
    expect(hosts).toHaveLength(2);
    for (const [, { DependsOn }] of hosts) expect(DependsOn).toContain('DeliveryStream');
  });

  test('the load balancer lets through what browsers ask for, with TLS and without; the rest, as /metrics, is answered there', () => {
    const { template } = makeTemplate(definePipeline(), 'standard');
    const rules = resourcesOf(template, 'AWS::ElasticLoadBalancingV2::ListenerRule');
    expect(rules.map(([, { Condition }]) => Condition)).toEqual(['HasNoCertificate', 'HasCertificate']);
    for (const [, { Properties: rule }] of rules) {
      expect(rule).toMatchObject({ Actions: [{ Type: 'forward', TargetGroupArn: { Ref: 'ServerTargets' } }] });
      const [condition] = rule!.Conditions as { Field: string; PathPatternConfig: { Values: string[] } }[];
      expect(condition!.Field).toBe('path-pattern');
      const patterns = condition!.PathPatternConfig.Values.map(
        (value) => new RegExp(`^${value.replaceAll('.', '\\.').replaceAll('*', '.*')}$`),
      );
      const reaches = (path: string) => patterns.some((pattern) => pattern.test(path));
      for (const path of [
        '/v1/events',
        '/v1/schema',
        '/millrace.js',
        '/millrace-0.2.0.js',
        '/millrace-debug.js',
        '/millrace-vitals-0.2.0.js',
      ])
        expect({ path, reaches: reaches(path) }).toEqual({ path, reaches: true });
      for (const path of [
        '/metrics',
        '/readyz',
        '/healthz',
        '/',
        '/v1',
        '/metrics/v1/events',
        '/millrace.js/../metrics',
      ])
        expect({ path, reaches: reaches(path) }).toEqual({ path, reaches: false });
    }
    for (const certificate of ['', 'arn:aws:acm:x']) {
      for (const [name, listener] of resourcesOf(template, 'AWS::ElasticLoadBalancingV2::Listener')) {
        if (certificate === '' && name === 'HttpsListener') continue;
        const parameters = { CertificateArn: certificate };
        const around = { accountId, region, parameters, resources: { LoadBalancer: 'lb', ServerTargets: 'targets' } };
        const { DefaultActions } = resolveValue(listener.Properties as Properties, template, around) as Properties;
        const isRedirect = certificate !== '' && name === 'HttpListener';
        expect(DefaultActions).toMatchObject([
          isRedirect ? { Type: 'redirect' } : { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } },
        ]);
      }
    }
  });

  test.each(templates)(
    '%s: Serving takes every server away, and leaves how many there may be as it is',
    (name, template) => {
      const around = (Serving: string) => ({ accountId, region, parameters: { Serving }, resources: groupResources });
      if (name.startsWith('trial')) {
        expect(template.Resources.Server!.Condition).toBe('IsServing');
        for (const output of ['CollectorUrl', 'ServerId'])
          expect(template.Outputs[output]).toMatchObject({ Condition: 'IsServing' });
        return;
      }
      const { Properties: group, UpdatePolicy } = template.Resources.Servers!;
      const sizes = (serving: string) => {
        const { MinSize, MaxSize, DesiredCapacity } = resolveValue(group!, template, around(serving)) as Properties;
        const rolling = resolveValue(UpdatePolicy!, template, around(serving)) as {
          AutoScalingRollingUpdate: { MinInstancesInService: string };
        };
        return { MinSize, MaxSize, DesiredCapacity, rolling: rolling.AutoScalingRollingUpdate.MinInstancesInService };
      };
      expect(sizes('yes')).toEqual({ MinSize: '2', MaxSize: '6', DesiredCapacity: undefined, rolling: '2' });
      // CloudFormation wants fewer in service than there may be.
      expect(sizes('no')).toEqual({ MinSize: '0', MaxSize: '6', DesiredCapacity: '0', rolling: '0' });
    },
  );

  test('the alarms and dashboards that are planned for are those that are there', () => {
    const { template } = makeTemplate(definePipeline(), 'standard');
    expect(resourcesOf(template, 'AWS::CloudWatch::Alarm')).toHaveLength(watched.alarms);
    expect(resourcesOf(template, 'AWS::CloudWatch::Dashboard')).toHaveLength(watched.dashboards);
    for (const [, alarm] of resourcesOf(template, 'AWS::CloudWatch::Alarm'))
      expect(alarm.Properties!.AlarmDescription).toContain('docs/runbook.md');
  });

  test('the dashboard is JSON when its names are filled in', () => {
    for (const [, template] of templates) {
      const { DashboardBody } = resolved(template, 'Dashboard', { 'LoadBalancer.LoadBalancerFullName': 'app/x/1' });
      expect(JSON.parse(DashboardBody as string).widgets.length).toBeGreaterThan(5);
    }
  });

  test('user data and the scripts of the release are bash, and user data fits', () => {
    const around = {
      ServerTemplate: 'lt',
      'ServerProfile.Arn': 'arn',
      ServerSecurityGroup: 'sg',
      SubnetA: 'subnet',
      GeneratorProfile: 'profile',
      GeneratorSecurityGroup: 'sg',
      IngestLogGroup: '/millrace/clickstream/ingest',
      ReleaseBucket: 'releases',
      ReleaseKey: 'millrace.tgz',
      Origins: 'https://shop.example',
    };
    const check = (script: string) => spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' }).stderr;
    for (const [, template] of templates) {
      const server = resolved(template, 'ServerTemplate', around).LaunchTemplateData as { UserData: string };
      const generator = resolved(template, 'GeneratorHost', around) as { UserData: string };
      for (const { UserData } of [server, generator]) {
        expect(check(UserData)).toBe('');
        expect(UserData).not.toContain('${');
        expect(UserData.length).toBeLessThan(16_384);
      }
    }
    const folder = join(root, 'infra-scripts/deploy');
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.sh'));
    expect(scripts.length).toBeGreaterThan(3);
    for (const name of scripts) expect(check(readFileSync(join(folder, name), 'utf8'))).toBe('');
  });
});
