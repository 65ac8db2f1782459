import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { createChunker } from '../src/core/intake/chunker.js';
import { createRecentEvents } from '../src/core/recent-events.js';
import { cleanUp, testApp } from './support/app.js';
import { jsonLines, someEvent } from './support/events.js';

afterEach(cleanUp);

const token = 'a-secret-for-tests';
const send = (server: Parameters<typeof request>[0], body: string) =>
  request(server).post('/v1/events?key=demo').type('text/plain').send(body).expect(200);

describe('GET /v1/recent', () => {
  test('is not there unless asked for, and only for who has the token', async () => {
    const { app } = await testApp();
    await request(app.server).get('/v1/recent').expect(404);
    const { app: asked } = await testApp({ recentToken: token });
    await request(asked.server).get('/v1/recent').expect(401);
    await request(asked.server).get('/v1/recent').set('authorization', `Bearer ${token}x`).expect(401);
    await request(asked.server).get('/v1/recent').set('authorization', `Bearer ${token}`).expect(200, { events: [] });
  });

  test('shows what arrived, good and bad, as it was stored, by status and event_id', async () => {
    const { app } = await testApp({ recentToken: token });
    const [first, second] = [someEvent({ item_id: '51' }), someEvent({ visitor_id: 'other' })];
    const bad = someEvent({ item_quantity: -1 });
    await send(app.server, jsonLines([first, bad, second]));
    await send(app.server, 'not JSON\n');
    const recent = async (query: string) =>
      (await request(app.server).get(`/v1/recent?token=${token}&${query}`).expect(200)).body.events;
    expect((await recent('status=good')).map((one: { event: object }) => one.event)).toEqual(
      expect.arrayContaining([expect.objectContaining(first), expect.objectContaining(second)]),
    );
    expect(await recent('status=bad')).toEqual([
      expect.objectContaining({
        event_id: bad.event_id,
        code: 'invalid_event',
        reason: expect.stringContaining('/item_quantity'),
        raw: JSON.stringify(bad),
      }),
      expect.objectContaining({ code: 'invalid_json', raw: 'not JSON' }),
    ]);
    expect(await recent(`event_id=${second.event_id}`)).toEqual([
      expect.objectContaining({ status: 'good', event: expect.objectContaining(second) }),
    ]);
    expect(await recent('limit=1')).toHaveLength(1);
    const wrong = await request(app.server).get(`/v1/recent?token=${token}&status=ugly`).expect(400);
    expect(wrong.body.error.message).toContain('status');
  });

  test('waits for an event that is still to come, so that a test suite need not poll', async () => {
    const { app } = await testApp({ recentToken: token });
    const event = someEvent();
    const asked = request(app.server)
      .get(`/v1/recent?token=${token}&event_id=${event.event_id}&wait_ms=20000`)
      .expect(200);
    const answered = asked.then(({ body }) => body.events);
    await send(app.server, jsonLines([someEvent(), event]));
    expect(await answered).toEqual([expect.objectContaining({ event_id: event.event_id })]);
    const none = await request(app.server).get(`/v1/recent?token=${token}&event_id=x&wait_ms=10`).expect(200);
    expect(none.body.events).toEqual([]);
  });

  test('the stream sends them as they come, goes on after a reconnect, and does not hold up the end of the server', async () => {
    const { app } = await testApp({ recentToken: token });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/recent/stream?token=${token}`;
    const read = async (headers: Record<string, string>, until: string) => {
      const response = await fetch(url, { headers });
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      const reader = response.body!.getReader();
      let text = '';
      while (!text.includes(until)) {
        const { value, done } = await reader.read();
        if (done) break;
        text += Buffer.from(value).toString();
      }
      return { text, reader };
    };
    const [before, after, later] = [someEvent(), someEvent(), someEvent()];
    await send(app.server, jsonLines([before]));
    const reading = read({}, after.event_id);
    await send(app.server, jsonLines([after]));
    const { text, reader } = await reading;
    expect(text).toContain(`"event_id":"${before.event_id}"`);
    const [, id] = /id: (\d+)\nevent: good\ndata: \{"number":\1,[^\n]*\n\n$/.exec(text)!;
    await reader.cancel();
    await send(app.server, jsonLines([later]));
    const again = await read({ 'last-event-id': id! }, later.event_id);
    expect(again.text).not.toContain(after.event_id);
    const ended = again.reader.read();
    await app.close();
    expect((await ended).done).toBe(true);
  });
});

/** A started server, and how to send it many events and to read its stream until it has sent so many. */
async function startStreaming() {
  const { app } = await testApp({ recentToken: token });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/recent`;
  return {
    url,
    async sendMany(count: number, fields: object = {}) {
      for (let left = count; left > 0; left -= 100) {
        const events = Array.from({ length: Math.min(100, left) }, () => someEvent({ ...fields }));
        await send(app.server, jsonLines(events));
      }
    },
    /** The numbers of the first `count` events of the stream. */
    async numbers(count: number, lastEventId?: number, query = '', begun = async () => {}) {
      const headers = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
      // Not fetch: after it was cancelled it keeps a connection open in advance, for which the server would wait.
      const asked = get(`${url}/stream?token=${token}${query}`, { headers, agent: false });
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      await begun();
      const found: number[] = [];
      let rest = '';
      for await (const part of response) {
        const parts = (rest + part).split('\n\n');
        rest = parts.pop()!;
        found.push(...parts.flatMap((text) => /^id: (\d+)$/m.exec(text)?.[1] ?? []).map(Number));
        if (found.length >= count) break;
      }
      asked.destroy();
      return found;
    },
  };
}

const oneByOne = (numbers: readonly number[]) => numbers.every((number, i) => number === numbers[0]! + i);

test('a reader that reconnects gets all that is kept since its last event, however many', async () => {
  const { sendMany, numbers } = await startStreaming();
  await sendMany(300);
  const all = await numbers(300);
  expect(all).toHaveLength(300);
  expect(oneByOne(all)).toBe(true);
  expect(await numbers(250, all[49])).toEqual(all.slice(50));
  // What the address asks for at the beginning does not hold for what was missed.
  expect(await numbers(250, all[49], '&limit=10')).toEqual(all.slice(50));
  expect(await numbers(10, undefined, '&limit=10')).toEqual(all.slice(-10));
}, 60_000);

test('who pages with after misses none', async () => {
  const { url, sendMany, numbers } = await startStreaming();
  await sendMany(250);
  const paged: number[] = [];
  for (let after = 0; ; after = paged.at(-1)!) {
    const answer = await fetch(`${url}?token=${token}&after=${after}&limit=40`);
    const { events } = (await answer.json()) as { events: { number: number }[] };
    if (events.length === 0) break;
    paged.push(...events.map(({ number }) => number));
  }
  expect(paged).toEqual(await numbers(250));
}, 60_000);

test('a reader of a server that was started again gets its new events', async () => {
  const before = await startStreaming();
  await before.sendMany(30);
  const last = (await before.numbers(30)).at(-1)!;
  const { sendMany, numbers, url } = await startStreaming();
  const found = await numbers(20, last, '', () => sendMany(20));
  expect(found).toHaveLength(20);
  expect(found[0]).toBeGreaterThan(last);
  // Numbers of another server, whose clock is ahead, say nothing about the events of this one.
  const answer = await fetch(`${url}?token=${token}&after=${found.at(-1)! + 1_000_000_000}`);
  expect(((await answer.json()) as { events: object[] }).events).toHaveLength(20);
}, 60_000);

test('a stream that has more than fits into its buffers is sent whole, and what comes meanwhile follows it', async () => {
  const { sendMany, numbers } = await startStreaming();
  const large = { properties: { text: 'x'.repeat(4_000) }, url: 'x'.repeat(2_000), referrer: 'x'.repeat(2_000) };
  await sendMany(600, large);
  const found = await numbers(700, undefined, '', () => sendMany(100, large));
  expect(found).toHaveLength(700);
  expect(oneByOne(found)).toBe(true);
}, 60_000);

test('what is kept is bounded, in events and in bytes', () => {
  const chunk = (id: string, padding: number) => {
    const chunker = createChunker();
    chunker.add(1, JSON.stringify({ event_id: id, page: 'books', padding: 'x'.repeat(padding) }));
    return chunker.finish();
  };
  const recent = createRecentEvents({ maxEvents: 10, maxBytes: 5_000 });
  for (let i = 0; i < 100; i++) recent.add(chunk(String(i), 0));
  expect(recent.list({}, 1_000).map(({ event_id }) => Number(event_id))).toEqual([
    90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
  ]);
  for (let i = 0; i < 10; i++) recent.add(chunk(`large ${i}`, 2_000));
  expect(recent.list({}, 1_000).map(({ event_id }) => event_id)).toEqual(['large 8', 'large 9']);
  recent.add(chunk('larger than all', 9_000));
  expect(recent.list({}, 1_000)).toEqual([]);
});
