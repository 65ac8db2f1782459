import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { cleanUp, testApp } from './support/app.js';
import { eventsIn, someEvent } from './support/events.js';

afterEach(cleanUp);

const url = '/v1/events?key=demo';
/** An event's text with `member` as its last. */
const withMember = (member: string) => `${JSON.stringify(someEvent()).slice(0, -1)},${member}}`;

async function send(lines: string[]) {
  const { app, records } = await testApp();
  const answer = await request(app.server).post(url).type('text/plain').send(lines.join('\n')).expect(200);
  return {
    answer: answer.body,
    text: records.map(({ data }) => Buffer.from(data).toString()).join(''),
    stored: eventsIn(records),
  };
}

describe('hostile input, each by its name', () => {
  test('__proto__ is refused at the top and in properties, and pollutes nothing further down', async () => {
    const { answer, text } = await send([
      withMember('"__proto__":{"polluted":1}'),
      withMember('"properties":{"__proto__":{"polluted":1}}'),
      withMember('"properties":{"a":{"__proto__":{"polluted":1}}}'),
    ]);
    expect(answer.accepted).toBe(1);
    expect(answer.rejected.map(({ path }: { path: string }) => path)).toEqual(['/__proto__', '/properties/__proto__']);
    expect(text).toContain('"a":{"__proto__":{"polluted":1}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('a key that is there twice is stored once, with the value that was checked', async () => {
    const { answer, text } = await send([
      withMember('"page":"_quarantine","page":"cart"'),
      withMember('"properties":{"k":"first","k":"last"}'),
    ]);
    expect(answer.accepted).toBe(2);
    expect(text).not.toMatch(/_quarantine|first/);
    expect(text.match(/"page":"(?!_ledger)/g)).toHaveLength(2);
  });

  test('a number past 2^53 is refused where it counts something, and keeps its digits in properties', async () => {
    const { answer, text } = await send([
      withMember('"after_stream_id":"s","after_seq":9007199254740993'),
      withMember('"item_price":1e400'),
      withMember('"properties":{"big":9007199254740993,"bigger":12345678901234567890,"small":-9007199254740993}'),
    ]);
    expect(answer.rejected.map(({ path }: { path: string }) => path)).toEqual(['/after_seq', '/item_price']);
    expect(text).toContain('"big":9007199254740993,"bigger":12345678901234567890,"small":-9007199254740993');
  });

  test('a number that is not finite when it is read is refused, however it is written and wherever it stands', async () => {
    const numbers = ['1E400', '1.0E+400', '-1e999', `${'9'.repeat(400)}`, '[[1e309]]'];
    const { answer, stored } = await send([
      ...numbers.map((number) => withMember(`"properties":{"a":${number}}`)),
      withMember('"properties":{"a":1e-400,"b":1.7e308}'),
      withMember('"item_quantity":1E400'),
    ]);
    expect(answer.accepted).toBe(1);
    expect(answer.rejected.map(({ path }: { path: string }) => path)).toEqual([
      ...numbers.map(() => '/properties'),
      '/item_quantity',
    ]);
    expect(stored.filter(({ page }) => page === '_quarantine')).toHaveLength(numbers.length + 1);
  });

  test('a rejection says which key is wrong in a bounded length, as the reason does; the text is kept whole', async () => {
    const key = 'k'.repeat(15_000);
    const { answer, stored } = await send([withMember(`"${key}":1`)]);
    const [{ path, message }] = answer.rejected;
    expect(path).toMatch(/^\/k{199}… \(15001 characters\)$/);
    expect(message.length).toBeLessThan(300);
    expect((stored[0]!.reason as string).length).toBeLessThan(500);
    expect(stored[0]!.raw).toContain(key);
  });

  test('half of a surrogate pair is stored as U+FFFD, whole pairs as they are', async () => {
    const { answer, stored } = await send([
      withMember('"title":"\\ud83d x \\ud83d\\ude00"'),
      withMember('"title":"😀"'),
    ]);
    expect(answer.accepted).toBe(2);
    expect(stored.map(({ title }) => title)).toEqual(['\ufffd x 😀', '😀']);
  });

  test.each(['[', '{"a":'])('nesting of thousands of levels (%s) is refused as an event, not a fault', async (open) => {
    const depth = Math.floor(15_000 / open.length);
    const closed = open === '[' ? ']'.repeat(depth) : `1${'}'.repeat(depth)}`;
    const half = withMember(`"properties":{"a":${open.repeat(depth / 2)}`);
    const { answer } = await send([withMember(`"properties":{"a":${open.repeat(100)}1${closed.slice(-100)}}`), half]);
    expect(answer.rejected.map(({ code }: { code: string }) => code)).toEqual(['invalid_event', 'invalid_json']);
  });

  test.each([1, 100])('a gzip bomb stops at the cap, wherever in its %i members it unfolds', async (members) => {
    const { app, records } = await testApp();
    const member = gzipSync(Buffer.alloc(50_000_000 / members, 0x20), { level: 9 });
    const bomb = Buffer.concat(Array.from({ length: members }, () => member));
    expect(bomb.length).toBeLessThan(200_000);
    const before = process.memoryUsage.rss();
    const answer = await request(app.server)
      .post(`${url}&encoding=gzip`)
      .type('text/plain')
      .send(bomb as unknown as string)
      .expect(413);
    expect(answer.body.error.code).toBe('too_large');
    expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000);
    expect(records).toEqual([]);
  });
});

describe('slowloris', () => {
  /**
   * What the server says to somebody who sends `first`, then `piece` again and again, and how it counts the requests
   * that it refused.
   */
  async function trickle(first: string, piece: string) {
    const { app } = await testApp({}, { requestTimeoutMs: 500 });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (part) => (answer += part)).on('error', () => {});
    socket.write(first);
    const timer = setInterval(() => socket.writable && socket.write(piece), 50);
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(timer);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const counted = [...metrics.matchAll(/^millrace_requests_total\{code="(\w+)"\} ([1-9]\d*)$/gm)];
    return { answer, counted: counted.map(([, code, count]) => `${code} ${count}`) };
  }

  test('a header that trickles in is cut off with 408, which counts', async () => {
    const { answer, counted } = await trickle(`POST ${url} HTTP/1.1\r\nhost: x\r\n`, 'x-a: 1\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*"too_slow"/s);
    expect(counted).toEqual(['too_slow 1']);
  });

  test('a body that trickles in is cut off with 408, which counts', async () => {
    const head = `POST ${url} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 100000\r\n\r\n{`;
    const { answer, counted } = await trickle(head, ' ');
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*"too_slow"/s);
    expect(counted).toEqual(['too_slow 1']);
  });

  test('what is no HTTP, and a header that never ends, is refused, which counts', async () => {
    const noHttp = await trickle('what is this\r\n\r\n', '');
    expect(noHttp.answer).toMatch(/^HTTP\/1\.1 400 .*"unreadable"/s);
    expect(noHttp.counted).toEqual(['unreadable 1']);
    const endless = await trickle(`POST ${url} HTTP/1.1\r\nx-a: ${'a'.repeat(20_000)}\r\n`, '');
    expect(endless.answer).toMatch(/^HTTP\/1\.1 431 .*"too_large"/s);
    expect(endless.counted).toEqual(['too_large 1']);
  });

  test('a connection that sends nothing is closed, and was no request', async () => {
    const { answer, counted } = await trickle('', '');
    expect(answer).toMatch(/^(HTTP\/1\.1 408 .*)?$/s);
    expect(counted).toEqual([]);
  });
});
