import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '@millrace/kit/clock';
import { createHostCheck } from '@millrace/kit/host-check';
import { eventually } from '@millrace/testing/eventually';
import type { FastifyInstance } from 'fastify';
import { loadConfig } from '../src/config.js';
import { maxPipelined } from '../src/http/connection-guard.js';
import { cleanUp, later, testApp } from './support/app.js';
import { eventsIn, jsonLines, someEvent } from './support/events.js';
import { createMemorySink } from './support/memory-sink.js';
import { createMemorySpool } from './support/memory-spool.js';
import { samplesOf } from './support/samples.js';

afterEach(cleanUp);

async function listening(...options: Parameters<typeof testApp>) {
  const made = await testApp(...options);
  await made.app.listen({ port: 0, host: '127.0.0.1' });
  return made;
}
const portOf = (app: FastifyInstance) => (app.server.address() as AddressInfo).port;

function open(app: FastifyInstance): Socket {
  const socket = connect(portOf(app), '127.0.0.1').on('error', () => {});
  later(async () => void socket.destroy());
  return socket;
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.resume().on('close', () => resolve())));

/** All that the server says to these bytes, until it or we end the connection. */
async function talk(app: FastifyInstance, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = open(app);
  let answer = '';
  socket.on('data', (part) => (answer += part));
  for (const part of parts) socket.write(part);
  await closed(socket);
  return answer;
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`;
const post = (head: string, body: string | Buffer, version = '1.1') => [
  `POST /v1/events?key=demo HTTP/${version}\r\nhost: x\r\ncontent-type: text/plain\r\n${head}\r\n\r\n`,
  body,
];
const chunked = (body: string | Buffer) =>
  Buffer.concat([
    Buffer.from(`${Buffer.byteLength(body).toString(16)}\r\n`),
    Buffer.from(body as string),
    Buffer.from('\r\n0\r\n\r\n'),
  ]);

describe('one connection', () => {
  test('gets the answers to what it sends at once, in order, as long as that is no flood', async () => {
    const { app } = await listening();
    const answer = await talk(app, get('/healthz').repeat(10), get('/readyz', 'connection: close\r\n'));
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(11);
    expect(answer.lastIndexOf('"alive"')).toBeLessThan(answer.indexOf('"ready"'));
  });

  test.each([
    ['GET /metrics', get('/metrics')],
    ['GET /nothing', get('/nothing')],
  ])('that sends thousands at once (%s) and reads nothing is closed; the others are served', async (_, flood) => {
    const { app, records } = await listening({}, { metricsIntervalMs: 60_000 });
    const floods = Array.from({ length: 20 }, () => {
      const socket = open(app).pause();
      socket.write(flood.repeat(1_000));
      return socket;
    });
    const port = portOf(app);
    const answers = await Promise.all(
      Array.from({ length: 5 }, async (_each, seq) => {
        const body = jsonLines([someEvent({ seq })]);
        return (await fetch(`http://127.0.0.1:${port}/v1/events?key=demo`, { method: 'POST', body })).status;
      }),
    );
    expect(answers).toEqual(Array(5).fill(200));
    await Promise.all(floods.map(closed));
    expect(eventsIn(records)).toHaveLength(5);
  });

  test('that sends events faster than they become safe has so many under way, and is closed at the next', async () => {
    const sink = createMemorySink();
    const spool = createMemorySpool(systemClock);
    let isStuck = true;
    const { put } = sink;
    sink.put = async (records) => {
      await eventually('the sink to be free', () => !isStuck);
      return put(records);
    };
    const { app } = await listening({ ackTimeoutMs: 10_000 }, { sink, spool });
    const socket = open(app);
    for (let seq = 0; seq < 100; seq++) {
      const event = jsonLines([someEvent({ seq })]);
      socket.write(post(`content-length: ${event.length}`, event).join(''));
    }
    await closed(socket);
    isStuck = false;
    await eventually('what was under way', () => eventsIn(sink.records).length === maxPipelined);
  });

  test('that has gone costs nothing: what it had still sent is not handled', async () => {
    const { app } = await listening();
    let handled = 0;
    app.server.prependListener('request', () => (handled += 1));
    const socket = open(app);
    socket.write(get('/healthz').repeat(5_000));
    await closed(socket);
    const samples = samplesOf((await app.inject('/metrics')).body);
    expect(samples.get('millrace_requests_total{code="too_many_requests"}')).toBe(1);
    expect(handled).toBeGreaterThan(maxPipelined);
  });
});

test('/metrics is made once an interval, however often it is asked for', async () => {
  const { app } = await listening({}, { metricsIntervalMs: 60_000 });
  const url = `http://127.0.0.1:${portOf(app)}`;
  const read = async () => (await fetch(`${url}/metrics`)).text();
  const first = await read();
  await fetch(`${url}/v1/events?key=demo`, { method: 'POST', body: jsonLines([someEvent()]) });
  expect(await Promise.all([read(), read(), read()])).toEqual([first, first, first]);
});

describe('a framing that another server could read in another way is refused, and the connection closed', () => {
  const line = jsonLines([someEvent()]);
  const smuggled = get('/healthz');

  test.each<[string, string, (string | Buffer)[]]>([
    ['gzip, chunked', '501', post('transfer-encoding: gzip, chunked', chunked(gzipSync(line)))],
    ['two headers', '501', post('transfer-encoding: gzip\r\ntransfer-encoding: chunked', chunked(gzipSync(line)))],
    ['an unknown coding', '501', post('transfer-encoding: br,chunked', chunked(line))],
    ['chunked twice', '400', post('transfer-encoding: chunked, chunked', chunked(line))],
    ['HTTP/1.0 with chunked', '400', post('transfer-encoding: chunked', chunked(line), '1.0')],
    [
      'HTTP/1.0 that stays open',
      '400',
      post('connection: keep-alive\r\ntransfer-encoding: chunked', chunked(line), '1.0'),
    ],
    ['gzip alone', '501', post('transfer-encoding: gzip', gzipSync(line))],
    ['chunked not last', '400', post('transfer-encoding: chunked, gzip', chunked(line))],
    ['a length as well', '400', post('content-length: 5\r\ntransfer-encoding: chunked', chunked(line))],
  ])('%s', async (_, status, parts) => {
    const { app, records } = await listening();
    const answer = await talk(app, Buffer.concat([...parts, smuggled].map((part) => Buffer.from(part as string))));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/connection: close/i);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(answer).toMatch(status === '501' ? /"unsupported_transfer"/ : /"unreadable"/);
    expect(records).toEqual([]);
  });

  test.each(['chunked', 'Chunked'])('%s alone is read', async (coding) => {
    const { app, records } = await listening();
    const parts = post(`connection: close\r\ntransfer-encoding: ${coding}`, chunked(line));
    expect(await talk(app, ...parts)).toMatch(/^HTTP\/1\.1 200 /);
    expect(eventsIn(records)).toHaveLength(1);
  });
});

describe('host names', () => {
  const laptop = ['loopback'];

  test.each([
    ['localhost:8080', true],
    ['LOCALHOST', true],
    ['localhost.', true],
    ['shop.localhost:1', true],
    ['127.0.0.1:8080', true],
    ['[::1]:8080', true],
    ['127.8.9.10:8080', true],
    ['lake.s3.localhost:8080', true],
    ['loopback', false],
    ['127.0.0.1.nip.io', false],
    ['128.0.0.1', false],
    ['evil.example', false],
    ['evil.example:8080', false],
    ['localhost.evil.example', false],
    ['evillocalhost', false],
    ['.localhost', false],
    ['127.0.0.1.evil.example', false],
    ['', false],
    [undefined, false],
  ])('%s: whether a laptop answers', (host, expected) => {
    expect(createHostCheck(laptop)(host)).toBe(expected);
    expect(createHostCheck([])(host)).toBe(true);
  });

  test('a page whose name was made to point here reads nothing, whatever it asks for', async () => {
    const { app, records } = await listening({ hosts: laptop });
    const close = 'connection: close\r\n';
    const event = jsonLines([someEvent()]);
    for (const [path, method, body] of [
      ['/metrics', 'GET', ''],
      ['/v1/events?key=second', 'POST', event],
      ['/millrace.js', 'GET', ''],
      ['/nothing', 'GET', ''],
    ] as const) {
      const head = `${method} ${path} HTTP/1.1\r\n${close}content-length: ${body.length}\r\n`;
      const answer = await talk(app, `${head}host: evil.example:8080\r\n\r\n${body}`);
      expect(answer).toMatch(/^HTTP\/1\.1 421 .*"wrong_host".*evil\.example:8080.*MILLRACE_HOSTS/s);
      expect(await talk(app, `${head}host: localhost:8080\r\n\r\n${body}`)).not.toMatch(/^HTTP\/1\.1 421/);
    }
    expect(eventsIn(records)).toHaveLength(1);
  });

  test.each<[string | undefined, string[] | undefined]>([
    [undefined, []],
    ['*', []],
    ['localhost *.Shop.example, [::1]', ['localhost', '*.shop.example', '[::1]']],
    ['localhost:8080', undefined],
    ['http://localhost', undefined],
  ])('MILLRACE_HOSTS=%s', (text, hosts) => {
    const load = () =>
      loadConfig({ MILLRACE_WRITE_KEYS: 'k', ...(text === undefined ? {} : { MILLRACE_HOSTS: text }) });
    if (hosts === undefined) expect(load).toThrow(/MILLRACE_HOSTS=.* must be the host names/);
    else expect(load().hosts).toEqual(hosts);
  });
});
