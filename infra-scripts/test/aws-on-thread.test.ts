import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLiveFeed, type LiveStep } from '@millrace/demo-store/live-feed';
import { bucketFolder } from '@millrace/embedded-aws';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { kinesisClient } from '@millrace/testing/kinesis-client';
import { definePipeline } from '../src/pipeline/definition.js';
import { startAwsOnThread } from '../src/runtime/aws-on-thread.js';
import { runUntilShutdown } from '../src/runtime/run-until-shutdown.js';
import { serveAws } from '../src/runtime/serve-aws.js';

let state: string;
let logged: string[];
const feed = createLiveFeed();
const log = (line: string) => void logged.push(line);
const start = (options: { port?: number; timeScale?: number } = {}, thread?: URL) =>
  startAwsOnThread({ state, port: 0, portOption: '--aws-port', timeScale: 30, ...options }, { log, feed }, thread);
/** A thread that runs this code instead. */
const threadOf = (code: string) =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort as port } from 'node:worker_threads'; ${code}`)}`,
  );

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'aws-on-thread-'));
  logged = [];
});
afterEach(() => rm(state, { recursive: true, maxRetries: 3 }));

test('what is put arrives as steps of the live view and, buffered at the end, as an object; then the state is free', async () => {
  const steps: LiveStep[] = [];
  const stopListening = feed.subscribe((step) => steps.push(step));
  const pipeline = definePipeline({ shards: 1 });
  // An interval that this test does not wait for.
  const options = { state, port: 0, portOption: '--aws-port', timeScale: 1 / 60, pipeline, log };
  const aws = await serveAws(options, ({ log: _, ...settings }) => startAwsOnThread(settings, { log, feed }));
  const client = kinesisClient(aws.url);
  const event = someEvent();
  const Data = Buffer.from(JSON.stringify(event));
  await client.send(new PutRecordCommand({ StreamName: 'clickstream', PartitionKey: 'v', Data }));
  client.destroy();
  await eventually('the step in the stream', () => steps.length === 1);
  await aws.close();
  const [key, ...others] = (await readdir(bucketFolder(state, 'millrace-lake'), { recursive: true })).filter((name) =>
    name.endsWith('.gz'),
  );
  expect(others).toEqual([]);
  expect(steps.map(({ step, identity, key: place }) => [step, identity, place])).toEqual([
    ['in_stream', steps[0]!.identity, undefined],
    ['in_object', steps[0]!.identity, key!.replaceAll('\\', '/')],
  ]);
  expect(JSON.parse(steps[0]!.line!())).toEqual(event);
  expect(logged).toContain('bucket millrace-lake: created');
  stopListening();
  await (await start()).close();
});

test('a start that fails has the error of the thread: a taken port, a damaged file, a wrong setting', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({
    code: 'CANNOT_START',
    message: expect.stringContaining(`port ${port}, for the AWS endpoint, is taken by another program`),
  });
  other.close();
  await expect(start({ timeScale: 0 })).rejects.toMatchObject({ code: 'TIME_SCALE' });
  await mkdir(join(state, 'firehose'), { recursive: true });
  await writeFile(join(state, 'firehose', 'delivery-streams.json'), 'damaged');
  await expect(start()).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
});

test.each([
  ['an error that nobody caught', "throw new Error('thrown there')", 'thrown there'],
  ['process.exit', 'process.exit(7)', 'has ended with 7'],
  ['a promise that nobody caught', "Promise.reject(new Error('rejected there'))", 'rejected there'],
])('a thread that ends by %s ends the rest in order, with an error that says so', async (_, code, why) => {
  const name = `end of ${state}`;
  const listen = `new BroadcastChannel(${JSON.stringify(name)}).onmessage = () => { ${code} };`;
  const thread = await start({}, threadOf(`${listen} port.postMessage({ url: 'u' })`));
  // Only now, so that it has started.
  const channel = new BroadcastChannel(name);
  channel.postMessage('end');
  channel.close();
  const closed: string[] = [];
  const ended = runUntilShutdown(log, async () => ({
    failed: thread.failed,
    close: async () => {
      closed.push('ingest');
      await thread.close().catch(() => closed.push('aws'));
    },
  }));
  await expect(ended).rejects.toMatchObject({ code: 'AWS_ENDED', message: expect.stringContaining(why) });
  expect(closed).toEqual(['ingest', 'aws']);
});

test('a thread that ends before it has started is an error of the start', async () => {
  await expect(start({}, threadOf('port.close()'))).rejects.toMatchObject({ code: 'AWS_ENDED' });
  await expect(start({}, threadOf("throw new Error('at once')"))).rejects.toThrow('at once');
});
