import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import { type Site, startSite } from './browser/site.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('the tracker in a page that changes what it stands on', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;
  const thrown: string[] = [];

  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    collector = await startCollector({
      '/millrace.js': built('millrace.js'),
      '/millrace-full.js': built('millrace-full.js'),
    });
    site = await startSite({});
    context = await browser.newContext();
    thrown.length = 0;
    context.on('weberror', (error) => thrown.push(String(error.error())));
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    expect(collector.refused).toEqual([]);
    expect(thrown).toEqual([]);
  });

  /** Opens a page that runs `before` ahead of the tracker's script, and `after` behind it. */
  async function visit({ before = '', after = '', attributes = '' }): Promise<Page> {
    site.pages['/'] = `<!doctype html><title>Shop</title><script>${before}</script>
      <script src="${collector.origin}/millrace.js" data-key="demo" data-auto="off" ${attributes}></script>
      <script>${after}</script><body>`;
    const page = await context.newPage();
    await page.goto(site.origin);
    return page;
  }
  async function deliversThree(page: Page): Promise<void> {
    await page.evaluate(() => {
      for (let n = 0; n < 3; n++) millrace.track('liked_item', { properties: { n } });
      return millrace.flush();
    });
    await eventually('three events', () => collector.kept().length === 3);
    expect(collector.kept().map(({ properties }) => properties?.n)).toEqual([0, 1, 2]);
  }

  const withHeaders = (headers: string) =>
    `{ const { fetch } = window; window.fetch = (url, init) => fetch(url, { ...init, headers: ${headers} }); }`;

  test.each([
    ['traceparent', `{ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }`],
    ['a token and a request id', `{ authorization: 'Bearer x', 'x-request-id': '7' }`],
    ['a content type', `{ 'content-type': 'application/json', baggage: 'a=b' }`],
  ])('fetch was wrapped before the tracker came, and adds %s: the events arrive', async (_, headers) => {
    await deliversThree(await visit({ before: withHeaders(headers) }));
    expect(collector.hits.some(({ method }) => method === 'OPTIONS')).toBe(true);
  });

  test.each([
    ['adds headers', withHeaders(`{ traceparent: '00-0' }`)],
    ['throws', `window.fetch = () => { throw new Error('no more requests'); };`],
    ['answers by itself', `window.fetch = async () => new Response('{"accepted":3}');`],
    ['is gone', 'window.fetch = undefined;'],
  ])('fetch was replaced after the tracker came, and %s: the tracker uses the one that it found', async (_, after) => {
    await deliversThree(await visit({ after }));
    expect(collector.hits.every(({ method, headers }) => method === 'POST' && !headers.traceparent)).toBe(true);
  });

  test.each(['#top', '?tenant=7#a?b', '?', '?tenant=7&#'])(
    'an endpoint that ends in %s: what the tracker adds to it arrives',
    async (end) => {
      const page = await visit({ attributes: `data-endpoint="${collector.origin}/v1/events${end}"` });
      await deliversThree(page);
      const { params } = collector.hits[0]!;
      expect([params.get('key'), params.get('batch')]).toEqual(['demo', expect.stringMatching(/\.0\.2$/)]);
      expect(params.get('tenant')).toBe(end.includes('tenant') ? '7' : null);
    },
  );

  const names = [
    'URL',
    'title',
    'referrer',
    'body',
    'documentElement',
    'visibilityState',
    'readyState',
    'prerendering',
    'cookie',
    'currentScript',
    'querySelector',
    'addEventListener',
    'location',
    'defaultView',
  ];
  const markups = [
    ...names.map((name) => [`<form name="${name}"></form>`]),
    ...names.map((name) => [`<img name="${name}" src="data:,">`]),
    [names.map((name) => `<embed name="${name}"><object id="${name}"></object>`).join('')],
  ];
  test.each(markups.filter((_, index) => index % inForm(4, 1) === 0))(
    `markup that hides a property of the document (%s): a view has address, title, referrer and page name${leavesOut('8 of 29 pages')}`,
    async (markup) => {
      site.pages['/from'] = '<!doctype html><a href="/books">Books</a>';
      site.pages['/books'] = `<!doctype html><title>Shop</title>${markup}
      <script src="${collector.origin}/millrace.js" data-key="demo"></script><body>`;
      const page = await context.newPage();
      await page.goto(`${site.origin}/from`);
      await page.click('a');
      await page.waitForURL('**/books');
      await page.evaluate(() => millrace.flush());
      await eventually('the view', () => collector.kept().length === 1);
      expect(collector.kept()[0]).toMatchObject({
        event: 'page_view',
        page: 'books',
        url: `${site.origin}/books`,
        title: 'Shop',
        referrer: `${site.origin}/from`,
      });
      // The listeners are there, too: what is tracked at the end leaves with the page.
      await page.evaluate(() => {
        millrace.track('liked_item');
        window.location.href = '/from';
      });
      await eventually('the last event', () => collector.kept().length === 2);
    },
  );

  test.each(['getAttribute', 'attributes', 'tagName', 'parentNode', 'dataset', 'hasAttribute'])(
    'a form with an input named %s: a click in it is an event with its fields',
    async (name) => {
      const page = await visit({});
      await page.evaluate((name) => {
        window.document.body.innerHTML = `<form data-track="clicked_review" data-item-id="7" data-track-shelf="3" onsubmit="return false">
          <input name="${name}"><button type="button">Read</button></form>`;
      }, name);
      await page.evaluate(() => window.document.querySelector('button')!.click());
      await page.evaluate(() => millrace.flush());
      await eventually('the click', () => collector.kept().length === 1);
      expect(collector.kept()[0]).toMatchObject({ event: 'clicked_review', item_id: '7', properties: { shelf: '3' } });
    },
  );
});
