import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { createChunker } from '../src/core/chunk.js';
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
    expect(text).toMatch(/id: 2\nevent: good\ndata: \{"number":2,/);
    await reader.cancel();
    await send(app.server, jsonLines([later]));
    const again = await read({ 'last-event-id': '2' }, later.event_id);
    expect(again.text).not.toContain(after.event_id);
    const ended = again.reader.read();
    await app.close();
    expect((await ended).done).toBe(true);
  });
});

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
