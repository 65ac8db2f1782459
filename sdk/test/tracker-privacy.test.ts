import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import { type Site, startSite } from './browser/site.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('privacy', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;

  const html = (attributes: string, before = '') =>
    `<!doctype html><title>Shop</title>${before}<script src="${collector.origin}/millrace.js" data-key="demo" ${attributes}></script><body>`;
  /** Opens a page. Its load event, and so `goto`, waits for the tracker's script. */
  async function visit(path = '/'): Promise<Page> {
    const page = await context.newPage();
    await page.goto(site.origin + path);
    return page;
  }
  const arrived = (count: number) =>
    eventually(`${count} events`, () => (collector.kept().length >= count ? collector.kept() : undefined));
  /** What the tracker has stored in the page's origin. */
  const stored = (page: Page) =>
    page.evaluate(async () => ({
      local: Object.keys(localStorage),
      databases: (await indexedDB.databases()).map(({ name }) => name),
      cookies: document.cookie,
      session: Object.keys(sessionStorage),
    }));
  const nothing = { local: [], databases: [], cookies: '', session: [] };
  const rest = (page: Page) => page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));

  beforeAll(async () => {
    browser = await launch({ args: ['--host-resolver-rules=MAP *.example.test 127.0.0.1'] });
  });
  beforeEach(async () => {
    collector = await startCollector({
      '/millrace.js': built('millrace.js'),
      '/millrace-full.js': built('millrace-full.js'),
    });
    site = await startSite({ '/': html('data-consent="pending"') });
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    expect(collector.refused).toEqual([]);
  });

  test('while consent is pending nothing is stored outside memory and nothing is sent; granted sends all of it', async () => {
    const page = await visit();
    await page.evaluate(() => {
      millrace.identify('u1');
      for (let n = 0; n < 5; n++) millrace.track('liked_item', { properties: { n } });
    });
    await rest(page);
    expect(await stored(page)).toEqual(nothing);
    expect(collector.hits).toEqual([]);
    await page.evaluate(() => millrace.consent('granted'));
    const events = await arrived(6);
    expect(events.map(({ event, seq, user_id }) => [event, seq, user_id])).toEqual([
      ['page_view', 0, undefined],
      ...[1, 2, 3, 4, 5].map((seq) => ['liked_item', seq, 'u1']),
    ]);
  });

  test('a page that is left while consent is pending leaves nothing', async () => {
    site.pages['/blank'] = '<!doctype html>';
    const page = await visit();
    await page.evaluate(() => millrace.track('liked_item'));
    await page.goto(`${site.origin}/blank`);
    await rest(page);
    expect(await stored(page)).toEqual(nothing);
    expect(collector.hits).toEqual([]);
  });

  test('denied wipes what was stored, tracks nothing more, and what was wiped does not count as lost', async () => {
    collector.reply = () => ({ status: 503, headers: { 'retry-after': '60' } });
    site.pages['/'] = html('');
    const page = await visit();
    await page.evaluate(() => {
      for (let n = 0; n < 5; n++) millrace.track('liked_item', { properties: { n } });
    });
    await eventually('a try', () => collector.hits.length > 0);
    await page.evaluate(() => millrace.consent('denied'));
    await page.evaluate(() => millrace.track('liked_item'));
    await rest(page);
    const { local, databases } = await stored(page);
    expect(local).toEqual([]);
    const left = await page.evaluate(
      (name) =>
        new Promise((resolve) => {
          const request = indexedDB.open(name!);
          request.onsuccess = () => {
            const count = request.result.transaction('e').objectStore('e').count();
            count.onsuccess = () => resolve(count.result);
          };
        }),
      databases[0],
    );
    expect(left).toBe(0);
    const before = collector.hits.flatMap(({ events }) => events);
    collector.reply = () => ({ status: 200 });
    await page.evaluate(() => {
      millrace.consent('granted');
      millrace.track('last_one');
    });
    const [last] = await arrived(1);
    expect(last).toMatchObject({ event: 'last_one', seq: 0 });
    expect(last).not.toHaveProperty('after_seq');
    expect(before.map(({ visitor_id }) => visitor_id)).not.toContain(last!.visitor_id);
    expect(before.map(({ stream_id }) => stream_id)).not.toContain(last!.stream_id);
  });

  test('Global Privacy Control is honoured: nothing is tracked, stored or sent, consent or not, unless the site says to ignore it', async () => {
    const gpc = '<script>Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { value: true })</script>';
    site.pages['/'] = html('', gpc);
    site.pages['/ignore'] = html('data-gpc="ignore"', gpc);
    const page = await visit();
    await page.evaluate(async () => {
      millrace.consent('granted');
      millrace.track('liked_item');
      millrace.identify('u1');
      await millrace.flush();
    });
    await rest(page);
    expect(await stored(page)).toEqual(nothing);
    expect(collector.hits).toEqual([]);
    await visit('/ignore');
    expect((await arrived(1))[0]).toMatchObject({ event: 'page_view' });
  });

  test('parameters of addresses are masked, in the query, the fragment and the referrer', async () => {
    site.pages['/'] = html('data-mask="email,token"');
    const page = await context.newPage();
    await page.goto(`${site.origin}/?email=a@b.example&q=1#Token=secret&x=2`, {
      referer: `${site.origin}/?token=secret`,
    });
    const [view] = await arrived(1);
    expect(view).toMatchObject({
      url: `${site.origin}/?email=*&q=1#Token=*&x=2`,
      referrer: `${site.origin}/?token=*`,
    });
    expect(collector.hits[0]!.body).not.toMatch(/secret|a@b/);
  });

  test('what people type is never read', async () => {
    site.pages['/'] = html('').replace(
      '<body>',
      '<body><form data-track="liked_item"><input type="password" value="hunter2"><textarea>hunter2</textarea></form>',
    );
    const page = await visit();
    await page.click('input');
    await page.keyboard.type('hunter2');
    await page.click('textarea');
    await arrived(3);
    expect(collector.hits.map(({ body }) => body).join()).not.toContain('hunter2');
  });

  test('a share of the visitors is tracked, and a visitor always or never', async () => {
    site.pages['/'] = html('data-sample="0.5"');
    site.pages['/blank'] = '<!doctype html>';
    const page = await context.newPage();
    const tracked: boolean[] = [];
    for (let visitor = 0; visitor < 12; visitor++) {
      const before = collector.kept().length;
      for (let view = 0; view < 3; view++) {
        await page.goto(`${site.origin}/`);
        await page.evaluate(async () => {
          millrace.track('liked_item');
          await new Promise((resolve) => setTimeout(resolve, 30));
          await millrace.flush();
        });
      }
      const count = collector.kept().length - before;
      expect(count === 0 || count >= 6).toBe(true);
      tracked.push(count > 0);
      // The next one comes with nothing stored.
      await page.goto(`${site.origin}/blank`);
      await page.evaluate(() => {
        localStorage.clear();
        sessionStorage.clear();
      });
      expect(await stored(page)).toMatchObject({ local: [], cookies: '', session: [] });
    }
    // Twelve coins are all heads or all tails once in two thousand runs.
    expect(new Set(tracked).size).toBe(2);
  });

  test('the visitor is the same on all hosts of the site with the cookie, and another without it', async () => {
    const [one, other] = ['shop.example.test', 'www.example.test'].map((host) =>
      site.origin.replace('127.0.0.1', host),
    );
    const visitors = async (attributes: string) => {
      site.pages['/'] = html(attributes);
      const before = collector.kept().length;
      for (const origin of [one, other]) {
        const page = await context.newPage();
        await page.goto(`${origin}/`);
      }
      const events = await arrived(before + 2);
      return new Set(events.slice(before).map(({ visitor_id }) => visitor_id)).size;
    };
    expect(await visitors('data-cookie="example.test"')).toBe(1);
    await context.clearCookies();
    await context.close();
    context = await browser.newContext();
    expect(await visitors('')).toBe(2);
  });

  test('reset makes the person somebody else: visitor, session, stream and user', async () => {
    site.pages['/'] = html('data-auto="off"');
    const page = await visit();
    await page.evaluate(() => {
      millrace.identify('u1');
      millrace.track('liked_item');
      millrace.reset();
      millrace.track('liked_item');
    });
    const events = await arrived(2);
    // Of two streams that began in the same millisecond either may come first.
    const [before, after] = ['u1', undefined].map((user) => events.find(({ user_id }) => user_id === user));
    for (const field of ['visitor_id', 'session_id', 'stream_id'] as const)
      expect(after![field]).not.toBe(before![field]);
    expect([before!.seq, after!.seq]).toEqual([0, 0]);
  });
});
