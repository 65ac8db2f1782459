import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { built } from './browser/built.js';
import { browserDescribe } from './browser/chromium.js';
import { type Collector, startCollector } from './browser/collector.js';
import { type Site, startSite } from './browser/site.js';
import { until } from './browser/until.js';

browserDescribe('the tracker in a page', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;
  const tag = (attributes = '') =>
    `<script async src="${collector.origin}/millrace.js" data-key="demo" ${attributes}></script>`;

  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    collector = await startCollector({ '/millrace.js': built('millrace.js') });
    site = await startSite({});
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    // Whatever a test is about: every event fits the schema, and no page of another origin asked first.
    expect(collector.refused).toEqual([]);
    expect(collector.hits.filter((hit) => hit.method !== 'POST')).toEqual([]);
  });

  test('a pasted script tag counts the page view', async () => {
    site.pages['/'] = `<!doctype html><title>Books & more</title>${tag('data-page="books"')}<body>`;
    const page = await context.newPage();
    await page.goto(`${site.origin}/`, { referer: 'https://search.example/' });
    await until('an event', () => collector.kept().length > 0);
    expect(collector.kept()).toEqual([
      expect.objectContaining({
        event: 'page_view',
        page: 'books',
        seq: 0,
        url: `${site.origin}/`,
        referrer: 'https://search.example/',
        title: 'Books & more',
        sdk: expect.stringMatching(/^millrace-js\/\d+\.\d+\.\d+$/),
      }),
    ]);
  });
});
