import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import request from 'supertest';
import { SinkError } from '../src/core/delivery/sink.js';
import { eventIdsOf } from '../src/core/repeats/event-ids.js';
import { buildApp } from '../src/index.js';
import { createKinesisSink } from '../src/sinks/kinesis.js';
import { cleanUp, later, testConfig } from './support/app.js';
import { jsonLines, someEvent } from './support/events.js';
import { startStubKinesis } from './support/stub-kinesis.js';

const environment = { ...process.env };
const closedPort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

function pointTo(endpoint: string) {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
}

beforeEach(() => pointTo('http://127.0.0.1:1'));
afterEach(async () => {
  await cleanUp();
  process.env = { ...environment };
});

async function appWith(changes: Parameters<typeof testConfig>[0] = {}, timeoutMs = 1_000) {
  const logged: Record<string, unknown>[] = [];
  const app = await buildApp({
    config: await testConfig(changes),
    sink: createKinesisSink({ stream: 'clickstream', timeoutMs }),
    log: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
  });
  later(() => app.close());
  const send = (events: readonly object[]) =>
    request(app.server).post('/v1/events?key=demo').type('text/plain').send(jsonLines(events));
  return { app, logged, send };
}

const visitors = (count: number, seq = 0) =>
  Array.from({ length: count }, (_, i) => someEvent({ visitor_id: `v${i}`, seq }));

describe('the Kinesis sink, through the official client', () => {
  test('many requests share connections, calls and records', async () => {
    const stub = await startStubKinesis();
    pointTo(stub.url);
    let release = () => {};
    const wait = new Promise<void>((resolve) => {
      release = resolve;
    });
    stub.behaviour = () => ({ wait });
    // However long the hundred requests take to come in here, no call gives up meanwhile.
    const { app, send } = await appWith({ ackTimeoutMs: 10_000 }, 50_000);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const answers = Promise.all(Array.from({ length: 100 }, (_, i) => send(visitors(10, i))));
    const queued = async () =>
      (await request(app.server).get('/metrics')).text.includes('millrace_queued_events 1000\n');
    while (!(await queued())) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    expect((await answers).every(({ status }) => status === 200)).toBe(true);
    expect(stub.wrong).toEqual([]);
    expect(stub.taken).toHaveLength(1_000);
    // Those that were in flight, and the two records that grew meanwhile.
    expect(stub.calls.length).toBeLessThanOrEqual(6);
    expect(stub.connections).toBeLessThanOrEqual(3);
    expect(stub.calls.every(({ records }) => records <= 2)).toBe(true);
  });

  test('only failed records are sent again, and the answer waits for them', async () => {
    const stub = await startStubKinesis();
    pointTo(stub.url);
    stub.behaviour = (call) => ({ fail: (shard) => call < 2 && shard === 1 });
    const { send } = await appWith({ ackTimeoutMs: 10_000 });
    const { body } = await send(visitors(20)).expect(200);
    expect(body.accepted).toBe(20);
    // On a slow machine the spool takes the failed record before its last try.
    while (stub.taken.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(stub.calls.map(({ records }) => records)).toEqual([2, 1, 1]);
    expect(stub.taken).toHaveLength(20);
    expect(new Set(stub.taken.map(({ event_id }) => event_id)).size).toBe(20);
  });

  test.each([
    ['a stream that does not exist', { status: 400, error: 'ResourceNotFoundException' }],
    ['a refused key', { status: 400, error: 'AccessDeniedException' }],
    ['a throttled call', { status: 400, error: 'ProvisionedThroughputExceededException' }],
    ['a fault of the service', { status: 500, error: 'InternalFailure' }],
    ['a connection that breaks', 'reset' as const],
    ['no answer', 'hang' as const],
  ])(
    '%s: the events are acknowledged from the spool and arrive, once and in order, when it is over',
    async (_, trouble) => {
      const stub = await startStubKinesis();
      pointTo(stub.url);
      let isOver = false;
      stub.behaviour = (call) => (isOver ? {} : trouble === 'hang' && call > 0 ? 'reset' : trouble);
      const { app, send } = await appWith();
      for (let seq = 0; seq < 3; seq++) await send(visitors(4, seq)).expect(200);
      expect(stub.taken).toEqual([]);
      const ready = await request(app.server).get('/readyz').expect(200);
      expect(ready.body.spool.events).toBe(12);
      isOver = true;
      await eventually('12 events at Kinesis', () => stub.taken.length >= 12);
      for (let seq = 3; seq < 5; seq++) await send(visitors(4, seq)).expect(200);
      await eventually('20 events at Kinesis', () => stub.taken.length >= 20);
      for (const visitor of ['v0', 'v1', 'v2', 'v3']) {
        expect(stub.taken.filter((event) => event.visitor_id === visitor).map(({ seq }) => seq)).toEqual([
          0, 1, 2, 3, 4,
        ]);
      }
      const metrics = (await request(app.server).get('/metrics').expect(200)).text;
      expect(metrics).toContain('millrace_events_received_total 20');
      expect(metrics).toContain('millrace_spool_events 0');
    },
    90_000,
  );

  test('the server starts while Kinesis is down, answers, and delivers when it comes up', async () => {
    const port = await closedPort();
    pointTo(`http://127.0.0.1:${port}`);
    const { app, send, logged } = await appWith();
    await send(visitors(3)).expect(200);
    const ready = await request(app.server).get('/readyz').expect(200);
    expect(ready.body).toMatchObject({ ready: true, kinesis: 'down', spool: { events: 3 } });
    expect(ready.body.note).toMatch(/ECONNREFUSED.*the spool takes them meanwhile/);
    const stub = await startStubKinesis({ port, shards: 3 });
    await eventually('3 events at Kinesis', () => stub.taken.length === 3);
    await eventually('the spool to be empty', () => logged.some(({ message }) => message === 'the spool is empty'));
    // Once per change, however often it was tried.
    expect(logged.map(({ message }) => message)).toEqual([
      'the stream does not take events: they go to the spool',
      'the ingest server is ready',
      'the spool is in use',
      'the stream takes events',
      'the spool is empty',
    ]);
    expect(JSON.stringify(logged)).not.toContain('v0');
  });

  test('neither Kinesis nor a full spool: 503 with Retry-After, nothing acknowledged, and readiness says why', async () => {
    pointTo(`http://127.0.0.1:${await closedPort()}`);
    const { app, send } = await appWith({ spoolMaxBytes: 20_000 });
    let accepted = 0;
    let refusal: request.Response | undefined;
    for (let seq = 0; seq < 20 && refusal === undefined; seq++) {
      const answer = await send(visitors(10, seq)).set('origin', 'http://shop.example');
      if (answer.status === 200) accepted += answer.body.accepted;
      else refusal = answer;
    }
    expect(refusal).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable', message: expect.stringContaining('full') } },
    });
    expect(Number(refusal!.headers['retry-after'])).toBeGreaterThanOrEqual(2);
    expect(refusal!.headers['access-control-expose-headers']).toMatch(/retry-after/i);
    const ready = await request(app.server).get('/readyz').expect(503);
    expect(ready.body.note).toMatch(/ECONNREFUSED.*is full/);
    expect(ready.body.spool.events).toBe(accepted);
    await request(app.server).get('/healthz').expect(200);
    expect((await request(app.server).get('/metrics')).text).toContain(`millrace_events_accepted_total ${accepted}`);
  });

  test('shards that were split are left out, and pages of the list are followed', async () => {
    const { createServer: createHttp } = await import('node:http');
    const pages: Record<string, unknown>[] = [];
    const shard = (start: string, end: string, ended?: string) => ({
      ShardId: 'shardId-000000000000',
      HashKeyRange: { StartingHashKey: start, EndingHashKey: end },
      SequenceNumberRange: {
        StartingSequenceNumber: '1',
        ...(ended === undefined ? {} : { EndingSequenceNumber: ended }),
      },
    });
    const server = createHttp((incoming, response) => {
      let body = '';
      incoming.on('data', (part) => {
        body += part;
      });
      incoming.on('end', () => {
        pages.push(JSON.parse(body) as Record<string, unknown>);
        const page =
          pages.length === 1
            ? { Shards: [shard('0', '99', '5'), shard('50', '99')], NextToken: 'next' }
            : { Shards: [shard('0', '49')] };
        response.setHeader('content-type', 'application/x-amz-json-1.1');
        response.end(JSON.stringify(page));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    later(async () => {
      server.close();
      server.closeAllConnections();
    });
    pointTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const sink = createKinesisSink({ stream: 's' });
    later(async () => sink.close());
    expect(await sink.ranges()).toEqual([
      { start: 0n, end: 49n },
      { start: 50n, end: 99n },
    ]);
    expect(pages).toEqual([{ StreamName: 's' }, { NextToken: 'next' }]);
  });

  test('reads what came in a time, of all shards, page by page, and waits where a shard gives no more for now', async () => {
    const stub = await startStubKinesis({ shards: 3 });
    pointTo(stub.url);
    const sink = createKinesisSink({ stream: 's' });
    later(async () => sink.close());
    const put = async (texts: string[]) => {
      const ranges = await sink.ranges();
      const records = texts.map((text, i) => {
        const data = Buffer.from(`${JSON.stringify({ event_id: text, stream_id: 's', seq: 0 })}\n`);
        return {
          partitionKey: 'lane',
          hashKey: ranges[i % 3]!.start.toString(),
          chunks: [data],
          bytes: data.length,
          events: 1,
        };
      });
      await sink.put(records);
    };
    await put(['early']);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const from = Date.now() - 20;
    const texts = Array.from({ length: 700 }, (_, i) => `e${i}`);
    await put(texts);
    let calls = 0;
    stub.otherwise = () => (++calls === 6 ? 'ProvisionedThroughputExceededException' : undefined);
    const seen: string[] = [];
    await sink.read({ from, to: Date.now() + 1_000 }, (data) => seen.push(...eventIdsOf(data)));
    expect(seen.sort()).toEqual(texts.map((text) => `${text}/0/s`).sort());
    // What came later is not read.
    const none: string[] = [];
    await sink.read({ from, to: from }, (data) => none.push(...eventIdsOf(data)));
    expect(none).toEqual([]);
    stub.otherwise = () => 'AccessDeniedException';
    await expect(sink.read({ from, to: from }, () => {})).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });

  test('a call that is not answered ends at its time limit', async () => {
    const stub = await startStubKinesis();
    pointTo(stub.url);
    stub.behaviour = () => 'hang';
    const sink = createKinesisSink({ stream: 's', timeoutMs: 200 });
    later(async () => sink.close());
    const error = await sink
      .put([{ partitionKey: 'lane-0', hashKey: '1', chunks: [Buffer.from('{}\n')], bytes: 3, events: 1 }])
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SinkError);
    expect(error).toMatchObject({ kind: 'unreachable' });
  });
});
