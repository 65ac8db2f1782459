import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, type Hit, type Reply, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Tracker } from '../src/tracker/index.js';
import { isOurs } from '../src/tracker/send/is-ours.js';
import { built } from './browser/built.js';
import { type Site, startSite } from './browser/site.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

describe('an answer frees a batch only when the ingest server alone can have given it', () => {
  const batch = { id: 's.0.2', stream: 's', first: 0, last: 2, lines: ['{}', '{}', '{}'] };
  const ours = { time: 1, batch: 's.0.2' };

  test.each([
    ['all stored', 200, { ...ours, accepted: 3, duplicates: 0, rejected: [] }],
    ['some stored before, some in quarantine', 200, { ...ours, accepted: 1, duplicates: 1, rejected: [{}] }],
    ['all in quarantine', 200, { ...ours, accepted: 0, duplicates: 0, rejected: [{}, {}, {}] }],
    ['it knows the batch', 200, { ...ours, known: true }],
    ['a refusal', 403, { batch: 's.0.2', error: { code: 'forbidden_origin', message: '' } }],
    ['a server of 0.1.0', 200, { time: 1, accepted: 2, rejected: [{}] }],
    ['a server of 0.1.0 that knows the batch', 200, { time: 1, known: true }],
  ])('ours: %s', (_, status, body) => {
    expect(isOurs({ status, text: JSON.stringify(body) }, batch)).toBe(true);
    expect(isOurs({ status, text: JSON.stringify(body, null, 2) }, batch)).toBe(true);
  });

  test.each([
    ['no answer', 0, undefined],
    ['no body', 204, ''],
    ['an offline page', 200, '<!doctype html><title>You are offline</title>'],
    ['a text', 200, 'OK'],
    ['null', 200, 'null'],
    ['a number', 200, '3'],
    ['a list', 200, '[]'],
    ['some API', 200, '{"ok":true}'],
    ['an answer without a time or a batch', 200, '{"accepted":3,"rejected":[]}'],
    ['the answer to another batch', 200, { ...ours, batch: 's.3.5', accepted: 3, duplicates: 0, rejected: [] }],
    ['fewer lines than were sent', 200, { ...ours, accepted: 2, duplicates: 0, rejected: [] }],
    ['more lines than were sent', 200, { ...ours, accepted: 3, duplicates: 1, rejected: [] }],
    ['rejections that are no list', 200, { ...ours, accepted: 3, duplicates: 0, rejected: 'none' }],
    ['no rejections at all', 200, { ...ours, accepted: 3 }],
    ['numbers as texts', 200, { ...ours, accepted: '3', duplicates: 0, rejected: [] }],
    ['it does not know the batch: a proxy has dropped the body', 200, { ...ours, known: false }],
    ['a server of 0.1.0 that does not know it', 200, { time: 1, known: false }],
    ['it knows something', 200, { ...ours, known: 'yes' }],
    ['a firewall’s page', 403, '<html>Request blocked</html>'],
    ['an API gateway', 403, '{"message":"Forbidden"}'],
    ['another API’s error', 401, '{"error":{"code":"Unauthorized","message":"no token"}}'],
    ['an error of ours for another batch', 403, { batch: 's.3.5', error: { code: 'forbidden_origin' } }],
    ['a refusal that says that all is stored', 403, { ...ours, accepted: 3, duplicates: 0, rejected: [] }],
    ['success with an error', 200, { ...ours, error: { code: 'wrong_key' } }],
  ])('not ours: %s', (_, status, body) => {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    expect(isOurs({ status, ...(text === undefined ? {} : { text }) }, batch)).toBe(false);
  });
});

/** Stands between the page and the network, as in a shop that works offline. `mode` says how it answers. */
const serviceWorker = `
  let mode = 'pass';
  let earlier;
  self.addEventListener('install', () => self.skipWaiting());
  self.addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  self.addEventListener('message', ({ data, ports }) => {
    mode = data;
    ports[0].postMessage('done');
  });
  self.addEventListener('fetch', (event) => {
    if (!event.request.url.includes('/v1/events')) return;
    event.respondWith((async () => {
      const html = { headers: { 'content-type': 'text/html' } };
      if (mode === 'offline page') return new Response('<title>You are offline</title>', html);
      if (mode === 'queued') return new Response('{"queued":true}', { status: 202 });
      if (mode === 'earlier answer') return earlier.clone();
      const answer = await fetch(event.request);
      earlier ??= answer.clone();
      return answer;
    })());
  });
`;

browserDescribe('somebody on the way answers in the server’s place', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;
  let messages: string[];

  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    collector = await startCollector({
      '/millrace.js': built('millrace.js'),
      '/millrace-full.js': built('millrace-full.js'),
      '/millrace-debug.js': built('millrace-debug.js'),
    });
    const page = `<!doctype html><title>Shop</title>
      <script async src="${collector.origin}/millrace.js" data-key="demo" data-auto="off" data-debug></script>
      <script async src="${collector.origin}/millrace-debug.js"></script><body>`;
    site = await startSite({
      '/': page,
      '/sw.js': { html: serviceWorker, headers: { 'content-type': 'text/javascript' } },
    });
    context = await browser.newContext();
    messages = [];
    context.on('console', (message) => messages.push(message.text()));
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    expect(collector.refused).toEqual([]);
  });

  async function visit(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(site.origin);
    await page.waitForFunction(() => window.millrace?.version);
    return page;
  }
  const numbers = () => collector.kept().map(({ properties }) => properties?.n);
  /** Tracks three events, and waits until the tracker has got an answer to them. */
  async function trackThree(page: Page): Promise<void> {
    await page.evaluate(() => {
      for (let n = 0; n < 3; n++) millrace.track('liked_item', { properties: { n } });
      return millrace.flush();
    });
  }
  /** The next page finds the way free: all that was kept arrives, and nothing was counted as dropped. */
  async function recovers(page: Page): Promise<void> {
    expect(collector.kept()).toEqual([]);
    expect(messages.join('\n')).toContain('the tracker keeps the events and tries again later');
    await page.reload();
    await page.waitForFunction(() => window.millrace?.version);
    await eventually('all events', () => collector.kept().length === 3);
    expect(numbers()).toEqual([0, 1, 2]);
    expect(JSON.stringify(collector.kept())).not.toContain('tracker_dropped');
  }

  const somebody = (status: number, body: string, headers = {}): Reply => ({ status, body, headers, somebody: true });
  const replies: [what: string, reply: (hit: Hit) => Reply][] = [
    ['a captive portal’s login page', () => somebody(200, '<form action=/login>', { 'content-type': 'text/html' })],
    ['a redirect to a login page', () => somebody(302, '', { location: '/millrace.js' })],
    ['a redirect that keeps method and body', () => somebody(307, '', { location: '/elsewhere' })],
    ['an empty 204', () => somebody(204, '')],
    ['an API that takes anything', () => somebody(201, '{"id":7}')],
    ['a mock of the server', () => somebody(200, '{"accepted":3,"rejected":[]}')],
    ['a firewall’s 403', () => somebody(403, '<h1>Request blocked</h1>')],
    ['a gateway’s 401', () => somebody(401, '{"message":"Unauthorized"}')],
    ['a proxy’s 413', () => somebody(413, '<h1>Request Entity Too Large</h1>')],
    ['an API’s own 404', () => somebody(404, '{"error":{"code":"NotFound","message":"no route"}}')],
  ];
  test.each(replies)('%s: nothing is given up, and all arrives when the way is free', async (_, reply) => {
    collector.reply = reply;
    const page = await visit();
    await trackThree(page);
    collector.reply = () => ({ status: 200 });
    await recovers(page);
  });

  test.each(['offline page', 'queued', 'earlier answer'])(
    'a service worker that answers with its %s: nothing is given up, and all arrives when the way is free',
    async (mode) => {
      const page = await visit();
      const say = (what: string) =>
        page.evaluate(
          (message) =>
            new Promise((resolve) => {
              const { port1, port2 } = new MessageChannel();
              port1.onmessage = resolve;
              navigator.serviceWorker.controller!.postMessage(message, [port2]);
            }),
          what,
        );
      await page.evaluate(async () => {
        await navigator.serviceWorker.register('/sw.js');
        await new Promise<void>((resolve) => {
          if (navigator.serviceWorker.controller) resolve();
          else navigator.serviceWorker.addEventListener('controllerchange', () => resolve());
        });
        // What the worker keeps as an earlier answer.
        millrace.track('clicked_review');
        await millrace.flush();
      });
      await eventually('the first event', () => collector.kept().length === 1);
      await say(mode);
      await trackThree(page);
      expect(collector.kept()).toHaveLength(1);
      await say('pass');
      await page.reload();
      await page.waitForFunction(() => window.millrace?.version);
      await eventually('all events', () => collector.kept().length === 4);
      expect(numbers()).toEqual([undefined, 0, 1, 2]);
    },
  );
});
