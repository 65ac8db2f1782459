import { afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Launch } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { built } from './built.js';
import { type Site, startSite } from './site.js';

/** What a page of the shop has around the tracker's tag. */
export interface ShopPage {
  /** A script ahead of the tracker's, and one behind it. */
  before?: string;
  after?: string;
  /** Attributes of the tracker's tag beside its key. */
  attributes?: string;
  /** HTML of the head before all scripts, and of the body. */
  head?: string;
  body?: string;
  path?: string;
  /** The script in the tag, and its write key. */
  script?: string;
  key?: string | undefined;
}

/** A browser, a collector and a site for the tests of a file. */
export interface Shop {
  browser: Browser;
  context: BrowserContext;
  collector: Collector;
  site: Site;
  /** Errors that reached the page, from whoever. */
  thrown: string[];
  /** What the console says about the tracker. */
  console: string[];
  html(page: ShopPage): string;
  visit(page: ShopPage): Promise<Page>;
}

/** Opens a shop for each test. After each, no event may have been refused, and no error have reached a page. */
export function openShop({ launch, context }: { launch: Launch; context?: BrowserContextOptions }): Shop {
  const shop = { thrown: [] as string[], console: [] as string[] } as Shop;
  beforeAll(async () => {
    shop.browser = await launch();
  });
  beforeEach(async () => {
    const files = ['millrace.js', 'millrace-full.js', 'millrace-debug.js', 'millrace-vitals.js'] as const;
    const { version } = JSON.parse(built('millrace.json'));
    const versioned = (name: string) => name.replace('.js', `-${version}.js`);
    shop.collector = await startCollector(
      Object.fromEntries(
        files.flatMap((name) => [
          [`/${name}`, built(name)],
          [`/${versioned(name)}`, built(name)],
        ]),
      ),
    );
    shop.site = await startSite({});
    shop.context = await shop.browser.newContext(context);
    shop.thrown.length = 0;
    shop.console.length = 0;
    shop.context.on('weberror', (error) => shop.thrown.push(String(error.error())));
    shop.context.on('console', (message) => {
      if (message.text().startsWith('millrace')) shop.console.push(message.text());
    });
  });
  afterEach(async () => {
    await shop.context.close();
    await Promise.all([shop.collector.close(), shop.site.close()]);
    expect(shop.collector.refused).toEqual([]);
    expect(shop.thrown).toEqual([]);
  });
  shop.html = ({ before = '', after = '', attributes = 'data-auto="off"', head = '', body = '', script, key }) =>
    `<!doctype html><title>Shop</title>${head}<script>${before}</script>
    <script src="${shop.collector.origin}/${script ?? 'millrace.js'}" data-key="${key ?? 'demo'}" ${attributes}></script>
    <script>${after}</script><body>${body}`;
  shop.visit = async (page) => {
    const path = page.path ?? '/';
    shop.site.pages[path.split(/[?#]/)[0]!] = shop.html(page);
    const opened = await shop.context.newPage();
    await opened.goto(shop.site.origin + path);
    return opened;
  };
  return shop;
}
