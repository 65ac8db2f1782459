import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { built } from './browser/built.js';
import { type Site, startSite } from './browser/site.js';

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('page views', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;

  const html = (before = '', body = '') =>
    `<!doctype html><title>Shop</title>${before}<script src="${collector.origin}/millrace.js" data-key="demo"></script><body>${body}`;
  /** Without the Navigation API, as in older browsers. */
  const older = '<script>Object.defineProperty(window, "navigation", { value: undefined })</script>';

  /** Opens a page. Its load event, and so `goto`, waits for the tracker's script. */
  async function visit(path = '/'): Promise<Page> {
    const page = await context.newPage();
    await page.goto(site.origin + path);
    return page;
  }
  /** The views that have arrived, in their order: path with fragment, title, referrer's path, and the page's name. */
  const views = () =>
    collector
      .kept()
      .filter(({ event }) => event === 'page_view')
      .sort((a, b) => (a.event_id < b.event_id ? -1 : 1))
      .map(({ url, title, referrer, page }) => [
        url!.slice(site.origin.length),
        title,
        referrer?.replace(site.origin, ''),
        page,
      ]);
  /** Exactly these have arrived, and no other comes with the page's next event. */
  async function expectViews(page: Page, expected: unknown[][]): Promise<void> {
    await eventually(`${expected.length} views`, () => views().length >= expected.length);
    await page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      window.millrace!.track('last_one');
    });
    await eventually('the last event', () => collector.kept().some(({ event }) => event === 'last_one'));
    expect(views()).toEqual(expected);
  }

  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    collector = await startCollector({
      '/millrace.js': built('millrace.js'),
      '/millrace-full.js': built('millrace-full.js'),
    });
    site = await startSite({ '/': html(), '/older': html(older) });
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    expect(collector.refused).toEqual([]);
  });

  for (const [name, path] of [
    ['the Navigation API', '/'],
    ['the History API', '/older'],
  ] as const) {
    test(`${name}: each route is a view, with the title that the router sets after it, and the route before as referrer`, async () => {
      const page = await visit(path);
      await page.evaluate(async () => {
        const rest = () => new Promise((resolve) => setTimeout(resolve, 200));
        history.pushState({}, '', '/books/42');
        setTimeout(() => {
          document.title = 'The Trial';
        }, 20);
        await rest();
        history.pushState({}, '', '/food?sort=price');
        document.title = 'Food';
        await rest();
        history.back();
        await rest();
      });
      await expectViews(page, [
        [path, 'Shop', '', path === '/' ? 'home_page' : 'older'],
        ['/books/42', 'The Trial', path, 'books'],
        ['/food?sort=price', 'Food', '/books/42', 'food'],
        ['/books/42', expect.any(String), '/food?sort=price', 'books'],
      ]);
    });

    test(`${name}: the same address again, a replaced address and a fragment are no views`, async () => {
      const page = await visit(path);
      await page.evaluate(() => {
        history.pushState({}, '', location.href);
        history.replaceState({}, '', '?filter=1');
        history.replaceState({}, '', '?filter=2');
        location.hash = 'reviews';
        history.pushState({}, '', '#top');
      });
      // While the view may still be amended, it has the address that is true in the end.
      await expectViews(page, [[`${path}?filter=2#top`, 'Shop', '', path === '/' ? 'home_page' : 'older']]);
    });

    test(`${name}: a site that routes by the fragment has its views`, async () => {
      const page = await visit(path);
      await page.evaluate(async () => {
        location.hash = '#/cart';
        await new Promise((resolve) => setTimeout(resolve, 200));
        location.hash = '#!/checkout';
        await new Promise((resolve) => setTimeout(resolve, 200));
      });
      await expectViews(page, [
        [path, 'Shop', '', expect.any(String)],
        [`${path}#/cart`, 'Shop', path, expect.any(String)],
        [`${path}#!/checkout`, 'Shop', `${path}#/cart`, expect.any(String)],
      ]);
    });
  }

  test('routes that follow each other at once are a view each, under their own addresses', async () => {
    const page = await visit();
    await page.evaluate(() => {
      for (const path of ['/books', '/food', '/home']) history.pushState({}, '', path);
    });
    await expectViews(page, [
      ['/', 'Shop', '', 'home_page'],
      ['/books', 'Shop', '/', 'books'],
      ['/food', 'Shop', '/books', 'food'],
      ['/home', 'Shop', '/food', 'home'],
    ]);
  });

  test('a route that the site counts itself is not counted again', async () => {
    const page = await visit();
    await page.evaluate(() => {
      history.pushState({}, '', '/p/17');
      window.millrace!.page({ page: 'books' });
    });
    await expectViews(page, [
      ['/', 'Shop', '', 'home_page'],
      ['/p/17', 'Shop', '/', 'books'],
    ]);
  });

  test('a route that is left before its title came is counted', async () => {
    const page = await visit();
    site.pages['/next'] = html();
    await page.evaluate(() => {
      history.pushState({}, '', '/books');
      location.href = '/next';
    });
    await page.waitForURL('**/next');
    await expectViews(page, [
      ['/', 'Shop', '', 'home_page'],
      ['/books', 'Shop', '/', 'books'],
      ['/next', 'Shop', '/books', 'next'],
    ]);
  });

  test('a page that is prerendered is a view when it is shown, and not before', async () => {
    site.pages['/next'] = html();
    site.pages['/'] = html(
      '<script type="speculationrules">{"prerender":[{"source":"list","urls":["/next"],"eagerness":"immediate"}]}</script>',
    );
    const page = await visit();
    await eventually('the view of the first page', () => views().length === 1);
    await page.waitForTimeout(1500);
    expect(views()).toHaveLength(1);
    await page.evaluate(() => {
      location.href = '/next';
    });
    await page.waitForURL('**/next');
    const { activationStart } = await page.evaluate(
      () => performance.getEntriesByType('navigation')[0] as PerformanceEntry & { activationStart: number },
    );
    if (activationStart === 0) console.warn(`Chromium ${browser.version()} did not prerender here: not tested.`);
    await expectViews(page, [
      ['/', 'Shop', '', 'home_page'],
      ['/next', 'Shop', '/', 'next'],
    ]);
  });

  test('a view from a campaign has its parameters as properties; other views have none', async () => {
    const page = await visit('/?utm_source=news&utm_campaign=spring&gclid=abc&q=1');
    await page.evaluate(() => history.pushState({}, '', '/books'));
    await eventually('2 views', () => views().length === 2);
    const properties = collector.kept().map((event) => event.properties);
    expect(properties).toEqual([{ utm_source: 'news', utm_campaign: 'spring', gclid: 'abc' }, undefined]);
  });
});
