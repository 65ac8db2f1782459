import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type AwsCli, openAwsCli } from '@millrace/testing/aws-cli';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { needs } from '@millrace/testing/needs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { definePipeline } from '../src/pipeline/definition.js';
import { makeRelease } from '../src/release/archive.js';
import type { Properties } from '../src/template/intrinsics.js';
import { makeTemplate } from '../src/template/template.js';
import { type FreshHost, freshHost } from './support/fresh-host.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';
import { resolveValue } from './template-resolve.js';

const region = 'us-east-1';
const origins = 'https://shop.example https://www.shop.example';
const { template } = makeTemplate(definePipeline(), 'standard');

/** The user data of a resource as EC2 gets it, with a port that is free here. */
function userDataOf(resource: 'ServerTemplate' | 'GeneratorHost', port: number): string {
  const properties = resolveValue(template.Resources[resource]!.Properties as Properties, template, {
    accountId: '123456789012',
    region,
    parameters: { ReleaseBucket: 'releases', ReleaseKey: 'millrace.tgz', Origins: origins, ImageId: 'ami-1' },
    resources: {
      'ServerProfile.Arn': 'arn',
      ServerSecurityGroup: 'sg',
      GeneratorProfile: 'profile',
      GeneratorSecurityGroup: 'sg',
      SubnetA: 'subnet',
      IngestLogGroup: '/millrace/clickstream/ingest',
    },
  }) as { UserData?: string; LaunchTemplateData?: { UserData: string } };
  const text = properties.UserData ?? properties.LaunchTemplateData!.UserData;
  return text.replace("MILLRACE_PORT='8080'", `MILLRACE_PORT='${port}'`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

needs('host').describe('the scripts of the hosts, run as on EC2', () => {
  let box: Sandbox;
  let aws: Served;
  let cli: AwsCli | undefined;
  let awsPort: number;
  let awsEnvironment: Record<string, string>;
  let release: Buffer;
  let host: FreshHost | undefined;
  /** Every call of the AWS CLI, for the CLI itself to judge. */
  const everyCall: string[][] = [];
  const serveAws = () => box.serve(['aws', '--port', String(awsPort)], ['aws']);
  const newHost = async (archive = release) => {
    host = await freshHost({ release: archive, awsEnvironment });
  };
  beforeAll(async () => {
    release = (await makeRelease()).bytes;
    box = sandbox();
    awsPort = await freePort();
    aws = await serveAws();
    awsEnvironment = {
      AWS_ENDPOINT_URL: aws.url('aws'),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }, 240_000);
  afterEach(async () => {
    if (!host) return;
    everyCall.push(...host.awsCalls());
    await host.remove();
    host = undefined;
  });
  afterAll(async () => {
    await cli?.close();
    await box.remove();
  });

  const calls = (operation: string) => host!.awsCalls().filter(([, name]) => name === operation);
  const signals = () => calls('signal-resource').map((call) => call.at(-1));
  const send = (port: number, key: string, origin?: string) =>
    fetch(`http://127.0.0.1:${port}/v1/events?key=${key}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', ...(origin ? { origin } : {}) },
      body: JSON.stringify(someEvent()),
    });

  test('a server boots from its user data alone, takes events with the keys of SSM, says how it is, and signals', async () => {
    await newHost();
    const port = await freePort();
    const { code, output } = await host!.run(userDataOf('ServerTemplate', port));
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(signals()).toEqual(['SUCCESS']);
    expect(calls('cp')).toEqual([
      ['s3', 'cp', '--only-show-errors', 's3://releases/millrace.tgz', '/tmp/millrace.tgz'],
    ]);

    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    expect(await (await send(port, 'key-two')).json()).toMatchObject({ accepted: 1 });
    expect((await send(port, 'guess')).status).toBe(401);
    expect((await send(port, 'key-one', 'https://www.shop.example')).status).toBe(200);
    expect((await send(port, 'key-one', 'https://elsewhere.example')).status).toBe(403);
    expect((await fetch(`http://127.0.0.1:${port}/millrace.js`)).status).toBe(200);

    // As a user of its own, which alone reads the spool; the keys are for root, who starts it.
    const user = /^millrace:x:(\d+):/m.exec(host!.read('etc/passwd'))![1]!;
    const spool = statSync(join(host!.folder, 'var/lib/millrace/spool'));
    expect([spool.uid, spool.mode & 0o777]).toEqual([Number(user), 0o700]);
    expect(statSync(join(host!.folder, 'etc/millrace/ingest.env')).mode & 0o777).toBe(0o600);
    const running = await host!.run('ps -o user:20= -p $(cat /mnt/millrace-ingest.service.pid)');
    expect(running.output.trim()).toBe('millrace');

    expect(host!.read('agent-calls')).toContain('-c file:/etc/millrace/cloudwatch-agent.json');
    const agent = JSON.parse(host!.read('etc/millrace/cloudwatch-agent.json'));
    const [log] = agent.logs.logs_collected.files.collect_list;
    expect(log).toMatchObject({
      log_group_name: '/millrace/clickstream/ingest',
      file_path: '/var/log/millrace/ingest.log',
    });
    expect(host!.read('var/log/millrace/ingest.log')).toContain('the ingest server is ready');
    expect(host!.read('systemctl-calls')).toMatch(/millrace-metrics\.timer[\s\S]*millrace-drain\.service/);

    expect(await host!.run('systemctl start millrace-metrics.service')).toMatchObject({ code: 0 });
    const [figures] = calls('put-metric-data');
    expect(figures!.join(' ')).toMatch(
      /--namespace Millrace .*MetricName=SpoolBytes,Unit=Bytes,Value=0,Dimensions=\[\{Name=Stack,Value=millrace\}\].*MetricName=SpoolSetAsideBytes,Unit=Bytes,Value=0,.*MetricName=KinesisUp,Unit=None,Value=1/,
    );
  }, 240_000);

  test('a server that leaves while Kinesis is away asks for time until Kinesis has every event, then goes', async () => {
    await newHost();
    const port = await freePort();
    expect(await host!.run(userDataOf('ServerTemplate', port))).toMatchObject({ code: 0 });
    await aws.end('SIGTERM');
    const event = { ...someEvent(), event_id: '0193aaaa-0000-7000-8000-00000000cafe' };
    const kept = await fetch(`http://127.0.0.1:${port}/v1/events?key=key-one`, {
      method: 'POST',
      body: JSON.stringify(event),
    });
    expect(await kept.json()).toMatchObject({ accepted: 1 });

    writeFileSync(join(host!.folder, 'lifecycle'), 'Terminated');
    await eventually('heartbeats', () => calls('record-lifecycle-action-heartbeat').length >= 3);
    expect(calls('complete-lifecycle-action')).toEqual([]);

    aws = await serveAws();
    await eventually('the server to be let go', () => calls('complete-lifecycle-action').length === 1);
    expect(calls('complete-lifecycle-action')[0]).toEqual(
      expect.arrayContaining(['millrace-ingest', 'drain', 'i-0123456789abcdef0', 'CONTINUE']),
    );
    await expect(fetch(`http://127.0.0.1:${port}/readyz`)).rejects.toThrow();
    expect(await streamText(aws.url('aws'))).toContain(event.event_id);
  }, 240_000);

  test.each([
    ['no release in the bucket', 'cp'],
    ['no write keys', 'get-parameter'],
  ])(
    '%s: the stack is told at once that it failed',
    async (_, operation) => {
      await newHost();
      host!.fail(operation);
      const { code } = await host!.run(userDataOf('ServerTemplate', await freePort()));
      expect(code).not.toBe(0);
      expect(signals()).toEqual(['FAILURE']);
    },
    120_000,
  );

  test('a server that never gets ready ends in a failure with its last words', async () => {
    await newHost();
    const port = await freePort();
    const script = userDataOf('ServerTemplate', port).replace("MILLRACE_LINGER_MS='500'", "MILLRACE_LINGER_MS='soon'");
    const { code, output } = await host!.run(script);
    expect(code).not.toBe(0);
    expect(output).toMatch(/not ready after two minutes; its last words:[\s\S]*MILLRACE_LINGER_MS/);
    expect(signals()).toEqual(['FAILURE']);
  }, 240_000);

  test('the generator’s host boots, and its command generates and replays without being told anything', async () => {
    await newHost();
    const { code, output } = await host!.run(userDataOf('GeneratorHost', 0));
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(signals()).toEqual(['SUCCESS']);
    expect(existsSync(join(host!.folder, 'usr/local/bin/millrace'))).toBe(true);
    const environment = Object.entries(awsEnvironment).map(([name, value]) => `export ${name}=${value}\n`);
    const run = (command: string) => host!.run(`${environment.join('')}cd /tmp\n${command}`);
    const generated = await run('millrace generate clickstream 1 0 --count 3');
    expect(generated).toMatchObject({ code: 0 });
    const replay = 'millrace replay /opt/millrace/samples/sessions.jsonl --stream clickstream --speed 100000';
    const replayed = await run(replay);
    expect({ ...replayed }).toMatchObject({ code: 0 });
    // Athena is asked with the names that the stack gave it, and nothing of the embedded AWS answers that.
    const asked = await run('millrace query "select * from events limit 5"');
    expect(asked.code).toBe(1);
    expect(asked.output).toMatch(
      /^millrace: Athena call failed: UnknownOperationException: .*AmazonAthena\.StartQueryExecution/,
    );
    expect(asked.output).not.toMatch(/\n\s+at /);
  }, 240_000);

  needs('aws-cli').test(
    'the AWS CLI takes every call that the scripts made',
    async () => {
      cli = await openAwsCli();
      // `s3 cp` is none of AWS's operations; the CLI has no dry look at it.
      const seen = new Map(
        everyCall.filter(([service]) => service !== 's3').map((call) => [call.slice(0, 2).join(' '), call]),
      );
      expect([...seen.keys()].sort()).toEqual([
        'autoscaling complete-lifecycle-action',
        'autoscaling record-lifecycle-action-heartbeat',
        'cloudformation signal-resource',
        'cloudwatch put-metric-data',
        'ssm get-parameter',
      ]);
      for (const call of seen.values()) {
        // Checks the arguments against botocore's models, and asks nobody.
        const { status, stderr } = await cli.call(...call, '--generate-cli-skeleton', 'output');
        expect({ call, status, stderr }).toEqual({ call, status: 0, stderr: '' });
      }
      const wrong = ['ssm', 'get-parameter', '--name', '/x', '--title', '/x', '--generate-cli-skeleton', 'output'];
      await expect(cli.text(...wrong)).rejects.toThrow(/Unknown options: --title/);
    },
    120_000,
  );
});

/** All that lies in the stream, records as they are. */
async function streamText(endpoint: string): Promise<string> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const kinesis = new KinesisClient({ endpoint, region, credentials, requestHandler: new NodeHttpHandler() });
  const StreamName = 'clickstream';
  let text = '';
  try {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
    for (const { ShardId } of Shards) {
      const ShardIteratorType = 'TRIM_HORIZON';
      const from = await kinesis.send(new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType }));
      const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator: from.ShardIterator }));
      text += Records.map(({ Data }) => Buffer.from(Data!).toString('utf8')).join('\n');
    }
  } finally {
    kinesis.destroy();
  }
  return text;
}
