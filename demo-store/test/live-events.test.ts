import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { type RunningStore, startStore } from '../src/index.js';
import { liveLimits } from '../src/live/limits.js';
import { createTestFeed, newEventId, stepOf } from './helpers/test-feed.js';

let store: RunningStore;
let source: ReturnType<typeof createTestFeed>;

beforeEach(async () => {
  source = createTestFeed();
  store = await startStore({
    collectorUrl: 'http://collector.example',
    writeKey: 'demo',
    port: 0,
    feed: source.feed,
  });
});
afterEach(() => store.close());

/** Opens the stream and gathers its text. */
async function watch(path = '/live/events') {
  const abort = new AbortController();
  const response = await fetch(`http://127.0.0.1:${store.port}${path}`, { signal: abort.signal });
  const seen = { text: '', ended: false };
  (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) seen.text += decoder.decode(chunk as Uint8Array, { stream: true });
  })()
    .catch(() => {})
    .finally(() => {
      seen.ended = true;
    });
  return { response, seen, stop: () => abort.abort() };
}

test('steps arrive as server-sent events that no proxy keeps, under the same policy', async () => {
  const { response, seen, stop } = await watch();
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
  const step = stepOf({ step: 'in_object', key: 'page=books/event=liked_item/a.gz' });
  source.emit({ ...step, step: 'in_stream', shard_id: 'shardId-000000000003' });
  source.emit(step);
  await eventually('the steps', () => seen.text.includes('a.gz'));
  expect(seen.text).toMatch(/^retry: 2000\n\nevent: hello\ndata: /);
  expect(seen.text).toContain('shardId-000000000003');
  stop();
});

test('a hostile event can end no message and begin no other', async () => {
  const { seen, stop } = await watch();
  source.emit(stepOf({ event: 'x\n\nevent: hello\ndata: {}\n\n', page: '\r\ndata: 1', item_name: '</script>\u2028' }));
  await eventually('the step', () => seen.text.includes('"stored":1'));
  const names = [...seen.text.matchAll(/^event: (\w+)/gm)].map(([, name]) => name);
  expect(names.filter((name) => name === 'hello')).toHaveLength(1);
  for (const line of seen.text.split('\n')) expect(line).toMatch(/^(retry: \d+|event: (hello|update)|data: \{.*\}|)$/s);
  stop();
});

test('one event is given whole, as the text that it was; others are not there', async () => {
  const event_id = newEventId();
  const identity = `${event_id}/7/${'long '.repeat(12)}`;
  const line = JSON.stringify({ event_id, title: '<img src=x onerror=alert(1)>' });
  source.emit(stepOf({ event_id, identity, line: () => line }));
  const address = `http://127.0.0.1:${store.port}/live/event?identity=`;
  const response = await fetch(address + encodeURIComponent(identity));
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toMatchObject({ line, steps: [{ event_id, step: 'received' }] });
  expect((await fetch(`${address}${newEventId()}`)).status).toBe(404);
  expect((await fetch(`${address}__proto__`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${store.port}/live/event`)).status).toBe(404);
});

test('a browser too many is refused, with when to come again', async () => {
  const watchers = await Promise.all(Array.from({ length: liveLimits.clients }, () => watch()));
  const { response } = await watch();
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('10');
  for (const { stop } of watchers) stop();
  await eventually('a free place', async () => {
    const next = await watch();
    next.stop();
    return next.response.status === 200;
  });
});

test('HEAD does not open a stream, and closing the store ends those that are open', async () => {
  const status = await new Promise((resolve) => {
    httpRequest({ port: store.port, host: '127.0.0.1', path: '/live/events', method: 'HEAD' }, (response) => {
      resolve(response.statusCode);
      response.resume();
    }).end();
  });
  expect(status).toBe(404);
  const { seen } = await watch();
  await eventually('the hello', () => seen.text.includes('hello'));
  await store.close();
  await eventually('the end', () => seen.ended);
  expect(source.feed.hasListeners()).toBe(false);
});

test('the store closes at once, though browsers hold connections that they have not used', async () => {
  const unused = connect(store.port, '127.0.0.1');
  await new Promise((resolve) => unused.once('connect', resolve));
  const closed = new Promise((resolve) => unused.once('close', resolve));
  unused.on('error', () => {});
  await store.close();
  await closed;
});
