import { Agent, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { limits } from '@millrace/sdk/schema';
import request from 'supertest';
import { cleanUp, testApp } from './support/app.js';
import { eventsIn, jsonLines, someEvent } from './support/events.js';

afterEach(cleanUp);

type App = Awaited<ReturnType<typeof testApp>>['app'];
const post = (app: App, query: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  request(app.server)
    .post(`/v1/events${query}`)
    .set({ 'content-type': 'text/plain', ...headers })
    .send(body as string);
const envelope = (more: object = {}) => JSON.stringify({ key: 'demo', batch: 's.0.0', ...more });
/** As `encoding=delta` leaves out what a line shares with the one before. */
const deltaOf = (lines: string[]) => {
  const pieces = lines.map((line) => line.split('"'));
  const left = (piece: string, line: number, at: number) => (pieces[line - 1]?.[at] === piece ? '' : piece || '\t');
  return pieces.map((own, line) => own.map((piece, at) => left(piece, line, at)).join('"')).join('\n');
};
/** What a proxy makes of bytes that it takes for a text. */
const asText = (bytes: Buffer) => Buffer.from(bytes.toString());

describe('an envelope as the first line of the body', () => {
  test('says what a stripped query said: key, batch and clock; it is no event', async () => {
    const { app, records } = await testApp();
    const events = [someEvent(), someEvent({ title: 'Größe 😀' })];
    const bodies = [
      `${envelope({ sent_at: 1 })}\n${jsonLines(events)}`,
      `\ufeff\r\n ${JSON.stringify({ sent_at: 1, batch: 's.0.0', key: 'demo' }, null, 1).replaceAll('\n', '')} \r\n\r\n${jsonLines(events)}`,
      gzipSync(`${envelope({ sent_at: 1 })}\n${jsonLines(events)}`),
      gzipSync(gzipSync(`${envelope({ sent_at: 1 })}\n${jsonLines(events)}`)),
    ];
    for (const body of bodies) {
      const answer = await post(app, '', body);
      expect([answer.status, answer.body]).toEqual([
        200,
        { time: expect.any(Number), batch: 's.0.0', accepted: 2, duplicates: 0, rejected: [] },
      ]);
    }
    // The bodies are one batch.
    const stored = eventsIn(records);
    expect(stored.map(({ title }) => title)).toEqual([undefined, 'Größe 😀']);
    expect(stored[0]!.occurred_at).toBeDefined();
    const { text } = await request(app.server).get('/metrics');
    expect(text).toMatch(/^millrace_events_received_total 8$/m);
    expect(text).toMatch(/^millrace_requests_total\{code="ok"\} 4$/m);
  });

  test('is the same batch as without it, and a batch may have 500 events beside it', async () => {
    const { app, records } = await testApp();
    const lines = jsonLines(Array.from({ length: limits.batchEvents }, () => someEvent()));
    expect((await post(app, '', `${envelope()}\n${lines}`)).body).toMatchObject({ batch: 's.0.0', accepted: 500 });
    expect((await post(app, '?key=demo&batch=s.0.0', lines)).body).toMatchObject({ accepted: 500, duplicates: 0 });
    expect(eventsIn(records)).toHaveLength(500);
    const tooMany = await post(app, '', `${envelope()}\n${lines}${jsonLines([someEvent()])}`);
    expect([tooMany.status, tooMany.body.batch]).toEqual([413, 's.0.0']);
  });

  test('alone it asks whether the batch is known', async () => {
    const { app, records } = await testApp();
    const ask = async (body: string | Buffer, query = '') => (await post(app, query, body).expect(200)).body;
    expect(await ask(envelope())).toEqual({ time: expect.any(Number), batch: 's.0.0', known: false });
    await ask(`${envelope()}\n${jsonLines([someEvent()])}`);
    for (const body of [envelope(), `\n${envelope()}\n\n`, gzipSync(envelope())])
      expect(await ask(body)).toMatchObject({ batch: 's.0.0', known: true });
    expect(await ask('{"key":"demo"}', '?batch=s.0.0')).toMatchObject({ batch: 's.0.0', known: true });
    expect(await ask('{"key":"second","batch":"s.0.0"}')).toMatchObject({ known: false });
    expect((await post(app, '', '{"key":"demo"}')).body.error.code).toBe('unreadable');
    expect(eventsIn(records)).toHaveLength(1);
  });

  test('each value of the query wins that the server can use; what is missing or wrong there comes from the envelope', async () => {
    const { app, records } = await testApp();
    const line = jsonLines([someEvent()]);
    const cases: [query: string, first: object, status: number, batch: string | undefined][] = [
      ['?key=demo&batch=q', { key: 'second', batch: 'e' }, 200, 'q'],
      ['?key=demo&batch=q', { key: 'nobody' }, 200, 'q'],
      ['?key=REDACTED&batch=q', { key: 'demo', batch: 'e' }, 200, 'q'],
      ['?key=demo&key=demo&batch=q&batch=r', { key: 'demo', batch: 'e' }, 200, 'e'],
      ['?key=&batch=&sent_at=', { key: 'demo', batch: 'e' }, 200, 'e'],
      ['?utm_source=x', { key: 'demo' }, 200, undefined],
      ['?batch=q', { key: 'nobody', batch: 'e' }, 401, 'q'],
      ['', { key: 'demo', batch: 'x'.repeat(129) }, 400, undefined],
    ];
    for (const [query, first, status, batch] of cases) {
      const answer = await post(app, query, `${JSON.stringify(first)}\n${line}`);
      expect([query, answer.status, answer.body.batch]).toEqual([query, status, batch]);
    }
    expect(eventsIn(records).every(({ page }) => page === 'books')).toBe(true);
  });

  test('limits and origins are those of its key', async () => {
    const { app } = await testApp({ keyRequestsPerSecond: 1 });
    const origin = { origin: 'http://evil.example' };
    expect((await post(app, '', envelope(), origin)).body).toMatchObject({
      batch: 's.0.0',
      error: { code: 'forbidden_origin' },
    });
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await post(app, '', envelope({ key: 'second' }), origin)).status);
    expect(statuses).toContain(200);
    expect(statuses).toContain(429);
  });

  test('nothing else is an envelope: not with other members or types, not as a later line', async () => {
    const { app, records } = await testApp();
    const event = someEvent();
    const firsts = [
      { key: 'demo', event: 'liked_item' },
      { key: 'demo', more: 1 },
      { key: 1 },
      { key: 'demo', sent_at: '1' },
      { key: 'demo', batch: null },
      { batch: 's.0.0', sent_at: 1 },
      ['key'],
      { key: 'demo', toString: 'x' },
    ].map((value) => JSON.stringify(value));
    for (const first of [...firsts, '{"key":"demo","__proto__":{}}', `{"key":"demo"${' '.repeat(1100)}}`]) {
      expect([first, (await post(app, '', `${first}\n${jsonLines([event])}`)).body.error?.code]).toEqual([
        first,
        'missing_key',
      ]);
      const answer = await post(app, '?key=demo', `${first}\n${jsonLines([event])}`).expect(200);
      expect(answer.body.rejected).toHaveLength(1);
    }
    const later = await post(app, '?key=demo', `${jsonLines([event])}${envelope()}`).expect(200);
    expect(later.body).toMatchObject({ duplicates: 1, rejected: [{ index: 1 }] });
    expect(eventsIn(records).filter(({ page }) => page === 'books')).toHaveLength(1);
  });
});

test('each refusal that a sender acts on has a code of its own: no key, a wrong key, a body that was changed on the way', async () => {
  const { app } = await testApp();
  const lines = jsonLines([someEvent({ title: 'Ünïcode' }), someEvent()]);
  const zipped = gzipSync(`${envelope()}\n${lines}`);
  const gzip = '?key=demo&batch=b&encoding=gzip';
  const brotli = '?key=demo&batch=b&through=brotli';
  const cases: [query: string, body: string | Buffer, code: string][] = [
    ['', lines, 'missing_key'],
    ['?batch=b', '', 'missing_key'],
    ['', gzipSync(lines), 'missing_key'],
    ['', asText(zipped), 'missing_key'],
    ['', zipped.subarray(0, 8), 'missing_key'],
    ['?encoding=delta', `"${'x'.repeat(5_000)}"`, 'missing_key'],
    ['?key=nobody&batch=b', lines, 'wrong_key'],
    ['?key=nobody', '', 'wrong_key'],
    ['', '{"key":"nobody"}', 'wrong_key'],
    ['?key=nobody', gzipSync('{"key":"also nobody"}'), 'wrong_key'],
    [gzip, asText(zipped), 'unreadable'],
    [gzip, Buffer.from(zipped.toString('latin1')), 'unreadable'],
    [gzip, zipped.toString('base64'), 'unreadable'],
    [gzip, zipped.subarray(0, zipped.length - 9), 'unreadable'],
    [gzip, zipped.subarray(0, 5), 'unreadable'],
    [gzip, Buffer.concat([zipped.subarray(0, 40), Buffer.from('xxxx'), zipped.subarray(44)]), 'unreadable'],
    [gzip, gzipSync(gzipSync(zipped)), 'unreadable'],
    ['?key=demo&batch=b', asText(zipped), 'unreadable'],
    [brotli, asText(brotliCompressSync(lines)), 'unreadable'],
    [brotli, brotliCompressSync(lines).subarray(0, 40), 'unreadable'],
    ['', zipped.subarray(0, zipped.length - 9), 'unreadable'],
  ];
  for (const [query, body, code] of cases) {
    const headers = query === brotli ? { 'content-encoding': 'br' } : {};
    const { status, body: answer } = await post(app, query, body, headers);
    expect([query, status, answer.error?.code]).toEqual([query, code === 'unreadable' ? 400 : 401, code]);
    if (query.includes('batch')) expect(answer.batch).toBe('b');
  }
  const { text } = await request(app.server).get('/metrics');
  for (const code of ['missing_key', 'wrong_key', 'unreadable']) {
    const count = cases.filter((one) => one[2] === code).length;
    expect(text).toContain(`millrace_requests_total{code="${code}"} ${count}\n`);
  }
});

test('a body is read as what it is, whatever was announced: unzipped on the way, zipped twice, its encoding stripped, its type replaced', async () => {
  const { app, records } = await testApp();
  const lines = jsonLines([someEvent({ title: 'Größe' }), someEvent()]);
  const zipped = gzipSync(lines);
  const cases: [query: string, body: string | Buffer, headers?: Record<string, string>][] = [
    ['?key=demo&batch=b&encoding=gzip', lines],
    ['?key=demo&batch=b&encoding=gzip', `\ufeff\r\n${lines}`],
    ['?key=demo&batch=b&encoding=gzip', gzipSync(zipped), { 'content-encoding': 'gzip' }],
    ['?key=demo&batch=b&encoding=gzip', zipped, { 'content-encoding': 'gzip' }],
    ['?key=demo&batch=b', gzipSync(zipped), { 'content-encoding': 'gzip, x-gzip' }],
    ['?key=demo&batch=b', lines, { 'content-encoding': 'gzip' }],
    ['?key=demo&batch=b', zipped],
    ['?key=demo&batch=b&encoding=gzip', brotliCompressSync(zipped), { 'content-encoding': 'br' }],
    ['?key=demo&batch=b', brotliCompressSync(lines), { 'content-encoding': 'BR' }],
    ['?key=demo&batch=b&encoding=gzip', deflateSync(zipped), { 'content-encoding': 'gzip, deflate' }],
    ['?key=demo&batch=b', lines, { 'content-encoding': 'br' }],
    ['?key=demo&batch=b&encoding=gzip', zipped, { 'content-encoding': 'deflate' }],
    ['?key=demo&batch=b&encoding=', zipped],
    ['?key=demo&batch=b', deltaOf(lines.trim().split('\n'))],
    ['?key=demo&batch=b&encoding=', gzipSync(deltaOf(lines.trim().split('\n')))],
    ['', deltaOf([JSON.stringify({ key: 'demo', batch: 'b' }), ...lines.trim().split('\n')])],
    ['?key=demo&batch=b', lines, { 'content-type': 'application/octet-stream' }],
    ['?key=demo&batch=b', lines, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['?key=demo&batch=b', lines, { 'content-type': 'application/json' }],
    ['', `{"key":"demo","batch":"b"}\n${lines}`, { 'content-type': 'application/json;charset=utf-8' }],
    ['?key=demo&batch=b&encoding=gzip', `[${lines.trim().replace('\n', ',')}]`, { 'content-type': 'application/json' }],
  ];
  for (const [query, body, headers] of cases) {
    expect((await post(app, query, body, headers)).body).toMatchObject({ batch: 'b', accepted: 2, rejected: [] });
  }
  expect(eventsIn(records).map(({ title }) => title)).toEqual(['Größe', undefined]);
});

test('a bomb of any coding stops at the limit of a body', async () => {
  const { app } = await testApp();
  const blanks = Buffer.alloc(20_000_000, ' ');
  for (const [coding, body] of [
    ['br', brotliCompressSync(blanks)],
    ['deflate', deflateSync(blanks)],
    ['gzip', gzipSync(gzipSync(blanks))],
  ] as const) {
    const { status, body: answer } = await post(app, '?key=demo&batch=b', body, { 'content-encoding': coding });
    expect([coding, status, answer]).toMatchObject([coding, 413, { batch: 'b', error: { code: 'inflates_too_much' } }]);
  }
});

test.each(['//v1/events', '/v1/events/', '/v1//events//', '///v1/events/'])(
  'slashes that a proxy adds change nothing: %s',
  async (path) => {
    const { app, records } = await testApp();
    const answer = await app.inject({
      method: 'POST',
      url: `${path}?key=demo&batch=b`,
      headers: { 'content-type': 'text/plain', origin: 'http://shop.example' },
      payload: jsonLines([someEvent()]),
    });
    expect(answer.json()).toMatchObject({ batch: 'b', accepted: 1 });
    const preflight = await app.inject({
      method: 'OPTIONS',
      url: path,
      headers: { origin: 'http://shop.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.statusCode, preflight.headers['access-control-allow-origin']]).toEqual([
      204,
      'http://shop.example',
    ]);
    expect(eventsIn(records)).toHaveLength(1);
  },
);

test('a refused body leaves its connection open: a browser that still sends would see a reset, and no answer', async () => {
  const { app } = await testApp();
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (path: string, body: string | Buffer) =>
    new Promise<[status: number | undefined, connection: string | undefined]>((resolve, reject) => {
      const sent = httpRequest({ port, agent, method: 'POST', path, headers: { 'content-type': 'text/plain' } });
      sent.on('error', reject).on('response', (answer) => {
        answer.resume().on('end', () => resolve([answer.statusCode, answer.headers.connection]));
      });
      sent.end(body);
    });
  const large = Buffer.alloc(3_000_000, '{}\n');
  const found = [
    await send('/v1/events', jsonLines([someEvent()])),
    await send('/v1/events', large),
    await send('/v1/events?key=nobody', large),
    await send('/v1/events?key=demo', large),
    await send('/v1/events?key=demo&encoding=gzip', 'no gzip'),
    await send('/v1/events', `${envelope()}\n${jsonLines([someEvent()])}`),
  ];
  agent.destroy();
  expect(found).toEqual([401, 401, 401, 413, 400, 200].map((status) => [status, 'keep-alive']));
});

test('a body without a known key is not kept: it is refused by its first KiB, and the rest is thrown away', async () => {
  const { app } = await testApp();
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  /** Sends `first`, waits for the answer, and only then the rest. */
  const refusedAfter = (first: Buffer | string) =>
    new Promise<string>((resolve, reject) => {
      const sent = httpRequest({ port, method: 'POST', path: '/v1/events', headers: { 'content-type': 'text/plain' } });
      sent.on('error', reject).on('response', (answer) => {
        let text = '';
        answer.on('data', (part) => (text += part)).on('end', () => resolve(text));
        sent.end(Buffer.alloc(3_000_000, '{}\n'));
      });
      sent.write(first);
    });
  for (const first of ['x', '{}\n', '{"key":"nobody"}\n', ' '.repeat(1024), `{"key":"${'x'.repeat(1024)}`])
    expect(await refusedAfter(first)).toMatch(/"(missing|wrong)_key"/);
  // A bomb, of which little more than a KiB unfolds.
  expect(await refusedAfter(gzipSync(Buffer.alloc(50_000_000, ' ')).subarray(0, 2_000))).toContain('missing_key');
  // Letter by letter, an envelope lets the rest in.
  const whole = `${envelope()}\n${jsonLines([someEvent()])}`;
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = httpRequest({ port, method: 'POST', path: '/v1/events', headers: { 'content-type': 'text/plain' } });
    sent.on('error', reject).on('response', (response) => response.on('data', (part) => resolve(String(part))));
    const writeFrom = (at: number) =>
      at < 60 ? sent.write(whole[at]!, () => writeFrom(at + 1)) : void sent.end(whole.slice(60));
    sent.setNoDelay(true);
    writeFrom(0);
  });
  expect(JSON.parse(answer)).toMatchObject({ batch: 's.0.0', accepted: 1 });
});
