import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { uploadForStack } from '../src/deploy/uploads.js';
import { definePipeline } from '../src/pipeline/definition.js';
import type { AwsClients } from '../src/targets/aws-clients.js';
import type { Properties, Value } from '../src/template/intrinsics.js';
import { makeTemplate, type Template } from '../src/template/template.js';

/** What docs/threat-model.md says of the template and of the hosts, where no other file has a test of it. */

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pipeline = definePipeline({ format: 'parquet' });
const standard = makeTemplate(pipeline, 'standard').template;
const trial = makeTemplate(pipeline, 'trial').template;
const both = [standard, trial];
const propertiesOf = (template: Template, name: string) => template.Resources[name]!.Properties as Properties;

describe('on the way', () => {
  test('with a certificate browsers have TLS 1.2 or newer, and plain HTTP is sent there', () => {
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
    expect(propertiesOf(standard, 'HttpsListener')).toMatchObject({
      Protocol: 'HTTPS',
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    });
    const [first] = propertiesOf(standard, 'HttpListener').DefaultActions as [{ 'Fn::If': Value[] }];
    const [condition, withCertificate] = first['Fn::If'];
    expect(condition).toBe('HasCertificate');
    expect(withCertificate).toMatchObject({ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS' } });
    expect(standard.Resources.HttpPublicPaths).toMatchObject({ Condition: 'HasNoCertificate' });
  });

  test('stream, disks and the answers of Athena are encrypted', () => {
    for (const template of both) {
      expect(propertiesOf(template, 'Stream').StreamEncryption).toMatchObject({ EncryptionType: 'KMS' });
      expect(JSON.stringify(propertiesOf(template, 'WorkGroup'))).toContain('"EncryptionOption":"SSE_S3"');
      const text = JSON.stringify(template);
      expect(text.match(/"VolumeType":/g)).toHaveLength(2);
      expect(text.match(/"Encrypted":true/g)).toHaveLength(2);
    }
  });
});

test('a server limits each address, and believes the one that its load balancer tells; without one it believes none', () => {
  const exported = (template: Template, name: string) =>
    new RegExp(`export ${name}='([^']*)'`).exec(JSON.stringify(template.Resources.ServerTemplate))?.[1];
  for (const template of both) {
    for (const of of ['Requests', 'Bytes']) {
      const setting = `MILLRACE_ADDRESS_${of.toUpperCase()}_PER_SECOND`;
      expect(exported(template, setting)).toBe(`\${Address${of}PerSecond}`);
      const { Default } = template.Parameters[`Address${of}PerSecond`] as { Default: number };
      expect(Default).toBe(of === 'Requests' ? 300 : 1024 * 1024);
    }
  }
  expect(exported(standard, 'MILLRACE_TRUSTED_PROXIES')).toBe(propertiesOf(standard, 'Vpc').CidrBlock);
  expect(exported(trial, 'MILLRACE_TRUSTED_PROXIES')).toBe('');
});

describe('on a server', () => {
  test('the unit lets the server write below /var/lib/millrace and /var/log/millrace, as a user of its own', () => {
    const unit = readFileSync(join(root, 'infra-scripts/deploy/systemd/millrace-ingest.service'), 'utf8');
    const settings = new Map([...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
    expect(Object.fromEntries(settings)).toMatchObject({
      User: 'millrace',
      NoNewPrivileges: 'yes',
      PrivateTmp: 'yes',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      ReadWritePaths: '/var/lib/millrace /var/log/millrace',
    });
  });

  test('no server is told to show its last events', () => {
    for (const template of both) expect(JSON.stringify(template)).not.toContain('MILLRACE_RECENT_TOKEN');
    expect(readFileSync(join(root, 'infra-scripts/deploy/boot-server.sh'), 'utf8')).not.toContain('RECENT');
  });

  test('the load balancer keeps no log of who sent', () => {
    expect(JSON.stringify(standard.Resources.LoadBalancer)).not.toContain('access_logs');
  });
});

describe('with credentials of AWS', () => {
  test('what is overwritten or deleted in the lake stays for 30 days', () => {
    for (const template of both) {
      const { LifecycleConfiguration } = propertiesOf(template, 'LakeBucket');
      const { Rules } = LifecycleConfiguration as { Rules: Properties[] };
      expect(Rules.flatMap((rule) => rule.NoncurrentVersionExpiration ?? [])).toEqual([{ NoncurrentDays: 30 }]);
      const expiring = Rules.filter((rule) => 'ExpirationInDays' in rule);
      expect(expiring.map(({ Prefix }) => Prefix)).toEqual(['athena-results/']);
    }
  });

  test('the role of Firehose reaches its stream, its bucket, its log and its table, and nothing else', () => {
    const [policy] = propertiesOf(standard, 'DeliveryRole').Policies as unknown as [
      { PolicyDocument: { Statement: { Sid: string; Resource: unknown }[] } },
    ];
    const reached = policy.PolicyDocument.Statement.map(({ Sid, Resource }) => [
      Sid,
      [Resource].flat().map((each) => JSON.stringify(each)),
    ]);
    const { settings } = pipeline;
    expect(Object.fromEntries(reached)).toEqual({
      WriteTheLake: [
        expect.stringMatching(/:s3:::millrace-lake-[^/*]*"/),
        expect.stringMatching(/:s3:::millrace-lake-[^/*]*\/\*"/),
      ],
      ReadTheStream: ['{"Fn::GetAtt":["Stream","Arn"]}'],
      WriteTheLog: [
        expect.stringContaining(`:log-group:/aws/kinesisfirehose/${settings.deliveryStream}:log-stream:*"`),
      ],
      ReadTheSchema: [
        expect.stringContaining(':catalog"'),
        expect.stringContaining(`:database/${settings.database}"`),
        expect.stringContaining(`:table/${settings.database}/${settings.table}"`),
      ],
    });
  });

  test('a query of the work group that would scan more than the limit is cancelled, whatever it asks for', () => {
    for (const template of both) {
      expect(propertiesOf(template, 'WorkGroup').WorkGroupConfiguration).toMatchObject({
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: { Ref: 'ScanLimitBytes' },
      });
    }
  });
});

test('the bucket of releases is private, and takes nothing over plain HTTP', async () => {
  const sent: { name: string; input: unknown }[] = [];
  const client = {
    send: async ({ constructor: { name }, input }: { constructor: { name: string }; input: unknown }) => {
      sent.push({ name, input });
      return name === 'GetParameterCommand' ? { Parameter: { Value: 'shop=KEY1' } } : {};
    },
  };
  const { bucket } = await uploadForStack(
    {
      clients: { s3: client, ssm: client } as unknown as Pick<AwsClients, 's3' | 'ssm'>,
      region: 'eu-central-1',
      output: { line: () => {} } as never,
      release: async () => ({ name: 'millrace-1.tgz', bytes: Buffer.from('x') }),
    },
    { accountId: '123456789012', writeKeysParameter: '/millrace/write-keys', templateYaml: 'x' } as never,
  );
  const inputOf = (name: string) => sent.find((each) => each.name === name)?.input;
  expect(inputOf('PutPublicAccessBlockCommand')).toEqual({
    Bucket: bucket,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  });
  const { Policy } = inputOf('PutBucketPolicyCommand') as { Policy: string };
  expect(JSON.parse(Policy).Statement).toEqual([expect.objectContaining({ Sid: 'RefusePlainHttp', Effect: 'Deny' })]);
});
