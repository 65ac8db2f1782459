import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Page } from 'playwright-core';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import { openShop, type ShopPage } from './browser/shop.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const rows: string[] = [];
/** A row of the table of views in the README: what happens, and what is counted. */
function row(what: string, counted: string, check: () => Promise<void>): void {
  rows.push(`| ${what} | ${counted} |`);
  test(`${what}: ${counted.replace(/^none$/, 'no view')}`, check);
}

browserDescribe('what counts as a view', ({ launch }) => {
  const shop = openShop({ launch });
  const stub = () => `<script>${built('millrace.stub.js')}</script>`;

  const open = (page: ShopPage = {}) => shop.visit({ attributes: '', ...page });
  /** Views that have arrived, in their order: address, title, name of the page. */
  const views = () =>
    shop.collector
      .kept()
      .filter(({ event }) => event === 'page_view')
      .sort((a, b) => (a.event_id < b.event_id ? -1 : 1))
      .map(({ url, title, page }) => [url!.slice(shop.site.origin.length), title, page]);
  /** Exactly these arrive, once the page has run `script` and tracked an event behind it. */
  async function expectViews(page: Page, script: string, expected: unknown[][]): Promise<void> {
    await page.evaluate(`(async () => {
      const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const name = (page) => document.body.setAttribute('data-page', page);
      ${script};
      millrace.track('last_one');
      await millrace.flush();
    })()`);
    await eventually('the last event', () => shop.collector.kept().some(({ event }) => event === 'last_one'));
    expect(views()).toEqual(expected);
    const { seq } = shop.collector.kept().find(({ event }) => event === 'last_one')!;
    expect(seq).toBe(expected.length);
  }
  const first = ['/', 'Shop', 'home_page'];

  row('a page is shown', 'one, with its address, title and name', async () => {
    await expectViews(await open({ path: '/books/1?a=1#top' }), '', [['/books/1?a=1#top', 'Shop', 'books']]);
  });

  row('`page()` before the script has loaded', 'one, as the call names it', async () => {
    const head = `${stub()}<script>millrace.page({ page: 'books' })</script>`;
    await expectViews(await open({ head }), '', [['/', 'Shop', 'books']]);
  });

  row('`page()` within a second after the view began', 'the same one, as the call names it', async () => {
    const after = `millrace.page({ page: 'books', properties: { list: 'summer' } })`;
    await expectViews(await open({ after }), `millrace.page({ title: 'Books' })`, [['/', 'Books', 'books']]);
    expect(shop.collector.kept()[0]!.properties).toEqual({ list: 'summer' });
  });

  row('`page()` twice with the same name, as under StrictMode', 'one', async () => {
    const call = `millrace.page({ page: 'books' });`;
    await expectViews(await open({ attributes: 'data-auto="off"' }), call + call, [['/', 'Shop', 'books']]);
  });

  row('`page()` with another name', 'another one: a step of the page', async () => {
    const script = `millrace.page({ page: 'cart' }); millrace.page({ page: 'payment' })`;
    await expectViews(await open(), script, [
      ['/', 'Shop', 'cart'],
      ['/', 'Shop', 'payment'],
    ]);
  });

  row('`page()` later', 'another one', async () => {
    await expectViews(await open(), 'await rest(1300); millrace.page()', [first, first]);
  });

  row("`track('page_view')`", 'as `page()`', async () => {
    const script = `millrace.track('page_view', { page: 'books' }); await rest(1300); millrace.track('page_view')`;
    await expectViews(await open(), script, [
      ['/', 'Shop', 'books'],
      ['/', 'Shop', 'books'],
    ]);
  });

  row('a route is pushed', 'one, with the title and name that the router sets within a second', async () => {
    const script = `await rest(1200); history.pushState({}, '', '/p/17');
      setTimeout(() => { document.title = 'The Trial'; name('books'); }, 300); await rest(1300);`;
    await expectViews(await open(), script, [first, ['/p/17', 'The Trial', 'books']]);
  });

  row('a route is pushed and `page()` called', 'one, as the call names it', async () => {
    const script = `history.pushState({}, '', '/p/17'); millrace.page({ page: 'books' })`;
    await expectViews(await open(), script, [first, ['/p/17', 'Shop', 'books']]);
  });

  row('a route is pushed and replaced within a second', 'one, with the last address and its name', async () => {
    const script = `history.pushState({}, '', '/account'); await rest(20);
      history.replaceState({}, '', '/login'); document.title = 'Login'; await rest(100)`;
    await expectViews(await open(), script, [first, ['/login', 'Login', 'login']]);
  });

  row('two routes are pushed at once', 'a view each, with its own address', async () => {
    const script = `history.pushState({}, '', '/books'); history.pushState({}, '', '/food')`;
    await expectViews(await open(), script, [first, ['/books', 'Shop', 'books'], ['/food', 'Shop', 'food']]);
  });

  row('an address is replaced later, or changes only its fragment', 'none', async () => {
    const script = `await rest(1200); history.replaceState({}, '', '/other'); location.hash = 'top'; await rest(50)`;
    await expectViews(await open(), script, [first]);
  });

  row('a fragment that begins with `#/` or `#!`', 'one: the site routes by it', async () => {
    const script = `await rest(1200); location.hash = '#/cart'; await rest(50)`;
    await expectViews(await open(), script, [first, ['/#/cart', 'Shop', 'home_page']]);
  });

  row('back and forward to another route', 'one each', async () => {
    const script = `history.pushState({}, '', '/books'); await rest(50); history.back(); await rest(200);
      history.forward(); await rest(200)`;
    const books = ['/books', 'Shop', 'books'];
    await expectViews(await open(), script, [first, books, first, books]);
  });

  row('an event is tracked before the name came', 'the view has what was true at the event', async () => {
    const script = `history.pushState({}, '', '/p/17'); millrace.track('liked_item');
      document.body.setAttribute('data-page', 'books'); document.title = 'Late'`;
    await (await open()).evaluate(`${script}; millrace.flush()`);
    await eventually('3 events', () => shop.collector.kept().length === 3);
    expect(views()).toEqual([first, ['/p/17', 'Shop', 'p']]);
  });

  row('the page is hidden or left before the name came', 'the view has what was true then', async () => {
    shop.site.pages['/next'] = shop.html({ attributes: 'data-auto="off"' });
    const page = await open();
    await page.evaluate(`document.title = 'Early'; location.href = '/next'`);
    await page.waitForURL('**/next');
    await eventually('the view', () => views().length === 1);
    expect(views()).toEqual([['/', 'Early', 'home_page']]);
  });

  row('the body comes late', 'one, with the name that the body has', async () => {
    const page = await shop.context.newPage();
    shop.site.pages['/'] = `<!doctype html><title>Shop</title>
      <script src="${shop.collector.origin}/millrace.js" data-key="demo"></script>
      ${'<meta name="x" content="y">'.repeat(5000)}<body data-page="books">`;
    await page.goto(shop.site.origin);
    await expectViews(page, '', [['/', 'Shop', 'books']]);
  });

  row('two trackers of different keys', 'one for each', async () => {
    const page = await open();
    await page.evaluate(async (code) => {
      const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      const { createTracker, allModules } = await import(url);
      const { src } = document.querySelector<HTMLScriptElement>('script[data-key]')!;
      const options = { key: 'other', endpoint: new URL('/v1/events', src).href };
      await createTracker(options, allModules()).flush();
    }, built('millrace.esm.js'));
    await page.evaluate(() => millrace.flush());
    await eventually('2 views', () => views().length === 2);
    const keys = shop.collector.hits.map(({ params }) => params.get('key'));
    expect([...new Set(keys)].sort()).toEqual(['demo', 'other']);
  });

  row('`createTracker` again with the same key, as after a hot reload', 'none: it is the same tracker', async () => {
    const page = await open();
    const isSame = await page.evaluate(async (code) => {
      const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      const { createTracker, allModules } = await import(url);
      const [one, two] = [1, 2].map(() => createTracker({ key: 'demo', endpoint: '/elsewhere' }, allModules()));
      return one === two;
    }, built('millrace.esm.js'));
    expect(isSame).toBe(true);
    await expectViews(page, '', [first]);
  });

  test('a view that its page had no time to finish comes with a later page', async () => {
    const page = await open();
    await eventually('the view is stored', () =>
      page.evaluate(() => Object.keys(localStorage).some((name) => name.startsWith('millrace.demo.e.'))),
    );
    const cdp = await shop.context.newCDPSession(page);
    void cdp.send('Page.crash').catch(() => {});
    await page.waitForEvent('crash');
    shop.site.pages['/next'] = shop.html({ attributes: 'data-auto="off"', after: `millrace.track('liked_item')` });
    const next = await shop.context.newPage();
    await next.goto(`${shop.site.origin}/next`);
    await eventually('the view', () => views().length === 1);
    expect(views()).toEqual([first]);
  });

  test('each row is in the README', () => {
    for (const each of rows) expect(readme).toContain(`${each}\n`);
  });
});
