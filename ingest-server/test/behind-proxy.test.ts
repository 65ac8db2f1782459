import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import { asText, type Spoiling, startSpoilingProxy, withoutQuery } from '@millrace/testing/spoiling-proxy';
import type { Browser } from 'playwright-core';
import { cleanUp, later, testApp } from './support/app.js';
import { eventsIn } from './support/events.js';

jest.setTimeout(120_000);
afterEach(cleanUp);

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const spoilings: [what: string, spoil: Spoiling][] = [
  ['decodes bodies as text', asText],
  ['strips the query', withoutQuery],
  ['strips the query and decodes bodies', (passing) => asText(withoutQuery(passing))],
  ['zips once more', ({ path, body }) => ({ path, body: gzipSync(body) })],
  ['unzips, and leaves the parameter', ({ path, body }) => ({ path, body: body[0] === 31 ? gunzipSync(body) : body })],
];

browserDescribe('the tracker in a browser, behind a proxy', ({ launch }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });

  test.each(spoilings)(
    'that %s: every event is stored, once, with the time by the server’s clock',
    async (_, spoil) => {
      const { app, records } = await testApp();
      await app.listen({ port: 0, host: '127.0.0.1' });
      const proxy = await startSpoilingProxy(originOf(app.server));
      later(() => proxy.close());
      proxy.spoil = spoil;
      const context = await browser.newContext();
      later(() => context.close());
      const shop = createServer((_request, response) => {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(`<!doctype html><title>Größe 😀</title>
        <script src="${proxy.origin}/millrace.js" data-key="second"></script>
        <script>for (let n = 0; n < 30; n++) millrace.track('liked_item', { properties: { n } })</script>`);
      });
      later(() => new Promise((resolve) => shop.close(resolve)));
      await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
      const page = await context.newPage();
      await page.goto(originOf(shop));
      await eventually('all events', () => eventsIn(records).length === 31);
      await page.goto('about:blank');
      const stored = eventsIn(records);
      expect(stored).toHaveLength(31);
      expect(stored.find(({ event }) => event === 'page_view')?.title).toBe('Größe 😀');
      expect(new Set(stored.map(({ seq }) => seq)).size).toBe(31);
      expect(stored.filter(({ occurred_at }) => occurred_at === undefined)).toEqual([]);
    },
  );
});
