import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import {
  asText,
  type Spoiling,
  type SpoilingProxy,
  startSpoilingProxy,
  withoutQuery,
} from '@millrace/testing/spoiling-proxy';
import type { Page } from 'playwright-core';
import type { Tracker } from '../src/tracker/index.js';
import { openShop } from './browser/shop.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

const both: Spoiling = (passing) => asText(withoutQuery(passing));
const isGzip = (body: Buffer) => body[0] === 0x1f && body[1] === 0x8b;
const spoilings: [what: string, spoil: Spoiling][] = [
  ['decodes and encodes bodies as UTF-8', asText],
  [
    'decodes bodies as Latin-1 and encodes them as UTF-8',
    ({ path, body }) => ({ path, body: Buffer.from(body.toString('latin1')) }),
  ],
  ['keeps seven bits of each byte', ({ path, body }) => ({ path, body: Buffer.from(body.map((byte) => byte & 0x7f)) })],
  ['strips the query', withoutQuery],
  ['strips the query and decodes bodies', both],
  [
    'leaves nothing of the query but a parameter of its own',
    ({ path, body }) => ({ path: path.replace(/\?.*/, '?from=proxy'), body }),
  ],
  ['puts its own key into the query', ({ path, body }) => ({ path: path.replace('key=demo', 'key='), body })],
  ['zips once more', ({ path, body }) => ({ path, body: gzipSync(body) })],
  ['unzips, and leaves the parameter', ({ path, body }) => ({ path, body: isGzip(body) ? gunzipSync(body) : body })],
  ['zips once more and strips the query', ({ path, body }) => withoutQuery({ path, body: gzipSync(body) })],
];

browserDescribe('behind a proxy that changes requests', ({ launch }) => {
  const shop = openShop({ launch });
  let proxy: SpoilingProxy;
  beforeEach(async () => {
    proxy = await startSpoilingProxy(shop.collector.origin);
  });
  afterEach(() => proxy.close());

  const visit = (attributes = '') =>
    shop.visit({ attributes: `data-auto="off" data-endpoint="${proxy.origin}/v1/events" ${attributes}` });
  const track = (page: Page, from: number, to: number) =>
    page.evaluate(
      async ([first, end]) => {
        for (let n = first!; n < end!; n++) millrace.track('liked_item', { item_name: 'Tee 5', properties: { n } });
        await millrace.flush();
      },
      [from, to],
    );
  const numbers = () => shop.collector.kept().map(({ properties }) => properties?.n as number);
  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
  const arrived = (count: number) => eventually(`${count} events`, () => shop.collector.kept().length === count);

  test.each(spoilings)('%s: every event arrives, in the same visit', async (_, spoil) => {
    proxy.spoil = spoil;
    const page = await visit();
    await track(page, 0, 3);
    await arrived(3);
    await track(page, 3, 5);
    await arrived(5);
    expect(numbers()).toEqual(upTo(5));
    expect(shop.collector.sent()).toHaveLength(5);
    expect(JSON.stringify(shop.collector.kept())).not.toContain('tracker_dropped');
  });

  test.each([
    ['decodes bodies', asText],
    ['strips the query', withoutQuery],
    ['does both', both],
  ])(
    'what worked is remembered for the visit, on its other pages and in its other tabs, and when a page is left: %s',
    async (_, spoil) => {
      proxy.spoil = spoil;
      await track(await visit(), 0, 1);
      await arrived(1);
      expect(proxy.statuses.filter((status) => status >= 400)).toHaveLength(1);
      const page = await visit();
      await track(page, 1, 3);
      await arrived(3);
      await page.evaluate(() => {
        for (let n = 3; n < 6; n++) millrace.track('liked_item', { properties: { n } });
        location.href = 'about:blank';
      });
      await arrived(6);
      expect(numbers()).toEqual(upTo(6));
      expect(proxy.statuses.filter((status) => status >= 400)).toHaveLength(1);
      expect(new Set(shop.collector.hits.slice(1).map(({ params }) => params.get('encoding')))).toEqual(
        new Set([null]),
      );
    },
  );

  test('a later visit tries gzip again', async () => {
    proxy.spoil = asText;
    const page = await visit();
    await track(page, 0, 1);
    await arrived(1);
    proxy.spoil = (passing) => passing;
    shop.site.pages['/blank'] = '<!doctype html><title>Without the tracker</title>';
    await page.goto(`${shop.site.origin}/blank`);
    await page.evaluate(() => {
      const [visitor, session, at] = localStorage['millrace.demo.v'].split('|');
      localStorage['millrace.demo.v'] = [visitor, session, at - 31 * 60_000, ''].join('|');
    });
    await track(await visit(), 1, 2);
    await arrived(2);
    expect(shop.collector.hits.at(-1)?.params.get('encoding')).toBe('gzip');
  });

  test.each([
    ['decodes bodies', asText],
    ['strips the query', withoutQuery],
    ['does both', both],
  ])('a page that is left before any answer: its events go with it or with the next page: %s', async (_, spoil) => {
    proxy.spoil = spoil;
    const page = await visit();
    await page.evaluate(() => {
      for (let n = 0; n < 40; n++) millrace.track('liked_item', { properties: { n } });
      location.href = 'about:blank';
    });
    await page.waitForURL('about:blank');
    await track(await visit(), 40, 41);
    await arrived(41);
    expect(new Set(numbers())).toEqual(new Set(upTo(41)));
  });

  test('a key that the server does not know is tried twice, then the events are given up, and counted', async () => {
    const answer = JSON.stringify({ error: { code: 'wrong_key', message: '' } }).slice(1);
    shop.collector.reply = ({ params }) => ({ status: 401, body: `{"batch":"${params.get('batch')}",${answer}` });
    const page = await visit();
    await track(page, 0, 2);
    await eventually('two tries', () => proxy.statuses.length === 2);
    shop.collector.reply = () => ({ status: 200 });
    await track(page, 2, 3);
    await arrived(1);
    expect(shop.collector.kept()[0]!.properties).toEqual({ n: 2, tracker_dropped: { refused: 2 } });
  });

  test('data-retry="403,404" keeps what the server refuses with these, and sends it when it takes it', async () => {
    shop.collector.reply = ({ params }) => ({
      status: 403,
      body: JSON.stringify({ batch: params.get('batch'), error: { code: 'forbidden_origin', message: '' } }),
    });
    const page = await visit('data-retry="403,404"');
    await track(page, 0, 3);
    expect(proxy.statuses).toEqual([403]);
    shop.collector.reply = () => ({ status: 200 });
    await page.reload();
    await arrived(3);
    expect(numbers()).toEqual(upTo(3));
  });

  test('data-compress="off" sends plain text from the start', async () => {
    proxy.spoil = both;
    await track(await visit('data-compress="off"'), 0, 3);
    await arrived(3);
    expect(proxy.statuses).toEqual([200]);
  });

  test('without a proxy bodies are gzip, and nothing is remembered', async () => {
    const page = await visit();
    await track(page, 0, 3);
    expect(shop.collector.hits.map(({ params }) => params.get('encoding'))).toEqual(['gzip']);
    expect(await page.evaluate(() => localStorage['millrace.demo.p'])).toBeUndefined();
  });
});
