import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { needs } from '@millrace/testing/needs';
import { program } from '@millrace/testing/program';
import { here } from './support/here.js';
import { type Moto, region, startMoto } from './up-moto.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const servers = '/millrace/clickstream/ingest';
const firehose = '/aws/kinesisfirehose/clickstream-to-s3';

/** A stack with the outputs that the commands read, and nothing that takes long to make. */
const template = (outputs: Record<string, string>) =>
  JSON.stringify({
    Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
    Outputs: Object.fromEntries(Object.entries(outputs).map(([name, Value]) => [name, { Value }])),
  });

/** In front of Moto, for what it has not: what it holds against plain HTTP is passed over, and a creation takes as long as one likes. */
async function front(
  moto: string,
): Promise<{ url: string; server: Server; state: { creating: boolean; calls: string[] } }> {
  const state = { creating: false, calls: [] as string[] };
  const server = createServer({ keepAliveTimeout: 75_000 }, async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const action = /(?:^|&)Action=(\w+)/.exec(body.toString('latin1').slice(0, 2_000))?.[1] ?? '';
    state.calls.push(action);
    if (incoming.method === 'PUT' && incoming.url?.includes('policy')) {
      response.end();
      return;
    }
    if (String(incoming.headers['x-amz-target']).endsWith('.DescribeInstanceInformation')) {
      const hosts = { 'i-0dd': 'ConnectionLost', 'i-0cc': 'Online' };
      const InstanceInformationList = Object.entries(hosts).map(([InstanceId, PingStatus]) => ({
        InstanceId,
        PingStatus,
      }));
      response.end(JSON.stringify({ InstanceInformationList }));
      return;
    }
    if (action === 'ExecuteChangeSet') {
      state.creating = true;
      response.end('<ExecuteChangeSetResponse><ExecuteChangeSetResult/></ExecuteChangeSetResponse>');
      return;
    }
    if (action === 'DescribeStacks' && state.creating) {
      response.end(
        '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>fresh</StackName><StackId>fresh</StackId>' +
          '<StackStatus>CREATE_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>',
      );
      return;
    }
    const outgoing = httpRequest(
      new URL(incoming.url!, moto),
      { method: incoming.method!, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    outgoing.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, state };
}

needs('moto').describe('the commands of a deployment', () => {
  let moto: Moto;
  let before: Awaited<ReturnType<typeof front>>;
  let logs: CloudWatchLogsClient;
  let folder: string;
  let bin: string;
  const children = new Set<ChildProcess>();
  const say = (logGroupName: string, logStreamName: string, ...messages: string[]) =>
    logs.send(
      new PutLogEventsCommand({
        logGroupName,
        logStreamName,
        logEvents: messages.map((message) => ({ message, timestamp: Date.now() })),
      }),
    );

  beforeAll(async () => {
    bin = await program('infra-scripts/bin/millrace.js');
    moto = await startMoto();
    before = await front(moto.endpoint);
    folder = mkdtempSync(join(tmpdir(), 'millrace-up-commands-'));
    const config = { endpoint: moto.endpoint, region, credentials };
    const cloudFormation = new CloudFormationClient(config);
    const outputs = { StreamName: 'clickstream', DeliveryStreamName: 'clickstream-to-s3', LakeBucketName: 'lake' };
    for (const [StackName, more] of Object.entries({ one: { ServerId: 'i-0aa', GeneratorHostId: 'i-0bb' }, two: {} }))
      await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: template({ ...outputs, ...more }) }));
    cloudFormation.destroy();
    logs = new CloudWatchLogsClient(config);
    for (const [logGroupName, logStreamName] of [
      [servers, 'i-0aa'],
      [servers, 'i-0aa/boot'],
      [firehose, 'DestinationDelivery'],
    ] as const) {
      await logs.send(new CreateLogGroupCommand({ logGroupName })).catch(() => undefined);
      await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    }
    await say(servers, 'i-0aa', 'the ingest server is ready', 'strange \u001b[2J text');
    await say(servers, 'i-0aa/boot', 'Complete!');
    await say(firehose, 'DestinationDelivery', '{"errorCode":"S3.AccessDenied"}');
  }, 120_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    logs.destroy();
    before.server.closeAllConnections();
    before.server.close();
    await moto.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = () => ({
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: before.url,
    AWS_ENDPOINT_URL_S3: before.url,
  });

  function start(args: string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [bin, ...args, '--region', region, '--endpoint-url', before.url], {
      cwd: folder,
      env: { ...process.env, ...environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    const output = { out: '', err: '' };
    child.stdout.on('data', (data) => (output.out += data));
    child.stderr.on('data', (data) => (output.err += data));
    const ended = once(child, 'close').then(([code]) => {
      children.delete(child);
      return { code: code as number, ...output };
    });
    return { child, output, ended };
  }
  async function run(args: string[], env: NodeJS.ProcessEnv = {}) {
    const { code, stdout, stderr } = await here([...args, '--region', region, '--endpoint-url', before.url], {
      cwd: folder,
      env: { ...environment(), ...env },
    });
    return { code, out: stdout, err: stderr };
  }

  test('logs shows what the servers said, with the host and without tricks; --delivery what Firehose said', async () => {
    const { code, out } = await run(['logs', '--name', 'one']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z i-0aa the ingest server is ready$/m);
    expect(out).toMatch(/ i-0aa\/boot Complete!$/m);
    expect(out).not.toContain('\u001b');
    const delivery = await run(['logs', '--name', 'one', '--delivery', '--json', '--since', '1h']);
    expect(JSON.parse(delivery.out)).toMatchObject({
      from: 'DestinationDelivery',
      message: '{"errorCode":"S3.AccessDenied"}',
    });
    expect((await run(['logs', '--name', 'nothing'])).err).toContain('there is no nothing in this region');
    expect(await run(['logs', '--since', 'yesterday'])).toMatchObject({ code: 2 });
  }, 120_000);

  test('logs --follow shows each line once as it comes, and Ctrl-C ends it', async () => {
    const following = start(['logs', '--name', 'one', '--delivery', '--follow']);
    await eventually('the line from before', () => following.output.out.includes('AccessDenied'));
    await say(firehose, 'DestinationDelivery', '{"errorCode":"S3.NoSuchBucket"}');
    await eventually('the new line', () => following.output.out.includes('NoSuchBucket'));
    await say(firehose, 'DestinationDelivery', 'last');
    await eventually('the last line', () => following.output.out.includes('last'));
    following.child.kill('SIGINT');
    const { code, out } = await following.ended;
    expect(code).toBe(0);
    expect(out.match(/AccessDenied|NoSuchBucket|last/g)).toEqual(['AccessDenied', 'NoSuchBucket', 'last']);
  }, 120_000);

  test('shell opens a session of the AWS CLI on the generator’s host, or on a server; what is not there is said', async () => {
    const command = (target: string) => `aws ssm start-session --target ${target} --region ${region}\n`;
    expect(await run(['shell', '--name', 'one', '--print'])).toMatchObject({ code: 0, out: command('i-0bb') });
    expect((await run(['shell', '--name', 'one', '--server', '--print'])).out).toBe(command('i-0aa'));
    const none = await run(['shell', '--name', 'two']);
    expect(none).toMatchObject({ code: 4, err: expect.stringContaining('millrace up --generator-host makes one') });

    expect((await run(['shell', '--name', 'two', '--server', '--print'])).out).toBe(command('i-0cc'));

    const tools = join(folder, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'aws'), `#!/bin/sh\necho "$@" > ${join(folder, 'called')}\nexit 7\n`);
    chmodSync(join(tools, 'aws'), 0o755);
    const shell = await run(['shell', '--name', 'one'], { PATH: `${tools}${delimiter}${process.env.PATH}` });
    expect(shell.code).toBe(7);
    expect(`aws ${readFileSync(join(folder, 'called'), 'utf8')}`).toBe(command('i-0bb'));
    const without = await run(['shell', '--name', 'one'], { PATH: folder });
    expect(without).toMatchObject({ code: 1, err: expect.stringContaining('install the AWS CLI') });
  }, 120_000);

  test('status says what is there, for people and for programs; its code says whether it is well', async () => {
    const { code, out } = await run(['status', '--name', 'one']);
    expect(out).toMatch(/stack +CREATE_COMPLETE[\s\S]*delivery stream +clickstream-to-s3: absent/);
    expect(code).toBe(1);
    expect(JSON.parse((await run(['status', '--name', 'nothing', '--json'])).out)).toMatchObject({ stack: 'absent' });
  }, 60_000);

  test('up without --yes and without a person creates nothing; with wrong credentials or none it says what to do', async () => {
    before.state.calls.length = 0;
    const asked = await run(['up', '--name', 'fresh', '--trial', '--origins', '*']);
    expect(asked).toMatchObject({ code: 2, err: expect.stringMatching(/About \$\d+[\s\S]*Create it\? .*--yes/) });
    expect(before.state.calls.filter((each) => /Create|Execute/.test(each))).toEqual([]);
    const anonymous = await start(['up', '--trial', '--origins', '*', '--yes'], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: folder,
    }).ended;
    expect(anonymous).toMatchObject({ code: 1, err: expect.stringContaining('Log in first') });
    expect(anonymous.err).not.toMatch(/\n\s+at /);
  }, 120_000);

  test('Ctrl-C while AWS creates ends up at once with 130 and says how to go on; status knows the rest', async () => {
    const args = ['up', '--name', 'fresh', '--trial', '--origins', '*', '--yes', '--no-check'];
    const running = start(args);
    await eventually('the creation', () => {
      if (running.child.exitCode !== null) throw new Error(running.output.err);
      return before.state.creating;
    });
    running.child.kill('SIGINT');
    const { code, err } = await running.ended;
    expect(code).toBe(130);
    expect(err).toContain('AWS goes on with what it was asked for');
    expect(err).toMatch(/millrace up goes on, .*millrace down removes it/);
    const status = await run(['status', '--name', 'fresh', '--json']);
    expect(status).toMatchObject({ code: 1, out: expect.stringContaining('"stack":"CREATE_IN_PROGRESS"') });
    before.state.creating = false;
  }, 240_000);
});
