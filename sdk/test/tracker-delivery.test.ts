import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import { startKillableBrowser } from '@millrace/testing/find-browser';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import { type Site, startSite } from './browser/site.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('delivery', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;

  const html = (before = '', attributes = 'data-auto="off"') =>
    `<!doctype html><title>Shop</title>${before}<script src="${collector.origin}/millrace.js" data-key="demo" ${attributes}></script><body>`;
  /** Opens a page. Its load event, and so `goto`, waits for the tracker's script. */
  async function visit(path = '/', given?: Page): Promise<Page> {
    const page = given ?? (await context.newPage());
    await page.goto(site.origin + path);
    return page;
  }
  const track = (page: Page, count: number, from = 0) =>
    page.evaluate(
      ([count, from]) => {
        for (let n = 0; n < count!; n++) millrace.track('liked_item', { properties: { n: from! + n } });
      },
      [count, from],
    );
  const numbers = () =>
    collector
      .kept()
      .flatMap(({ properties }) => (typeof properties?.n === 'number' ? [properties.n] : []))
      .sort((a, b) => a - b);
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
  const allOf = (count: number, patienceMs?: number) =>
    eventually(`${count} events`, () => numbers().length >= count, patienceMs);
  const rest = (page: Page, ms: number) =>
    page.evaluate((time) => new Promise((resolve) => setTimeout(resolve, time)), ms);
  /** The browser has done the writes that the page has begun: on a busy machine it needs a while for them. */
  const written = (page: Page) =>
    page.evaluate(async () => {
      for (const { name } of await indexedDB.databases())
        await new Promise<void>((resolve) => {
          const opening = indexedDB.open(name!);
          opening.onsuccess = () => {
            const looking = opening.result.transaction('e');
            looking.objectStore('e').count();
            looking.oncomplete = () => {
              opening.result.close();
              resolve();
            };
          };
        });
    });
  /** Somebody comes back, and again where the browser was too busy to open its database for the page. */
  const comeBackFor = (count: number, page: Page) =>
    eventually(`${count} events`, async () => {
      await visit('/', page);
      // A long outage has its long pause; it is over.
      await page.evaluate(() => localStorage.removeItem('millrace.demo.w'));
      await page.evaluate(() => millrace.flush());
      return numbers().length >= count;
    });

  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    collector = await startCollector({
      '/millrace.js': built('millrace.js'),
      '/millrace-full.js': built('millrace-full.js'),
    });
    site = await startSite({ '/': html(), '/blank': '<!doctype html><title>Elsewhere</title>' });
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    expect(collector.refused).toEqual([]);
    // The collector is of another origin: a preflight would be an OPTIONS request.
    expect(collector.hits.filter(({ method }) => method !== 'POST')).toEqual([]);
  });

  test('a batch of 20 is gzipped: at most 150 bytes an event on the wire, without a preflight', async () => {
    const page = await visit();
    await page.evaluate(() => {
      for (let n = 0; n < 20; n++) {
        millrace.track(n % 2 ? 'clicked_review' : 'liked_item', {
          page: 'books',
          item_id: 50 + n,
          item_name: `Book ${n}`,
          item_price: 9.9 + n,
          currency: 'EUR',
          properties: { n, list: 'summer', position: n * 3 },
        });
      }
    });
    await allOf(20);
    expect(collector.hits).toHaveLength(1);
    const [{ params, headers, bytes, body }] = collector.hits as [(typeof collector.hits)[0]];
    expect(params.get('encoding')).toBe('gzip');
    expect(headers['content-type']).toBe('text/plain');
    expect(bytes / 20).toBeLessThanOrEqual(150);
    expect(bytes).toBeLessThan(body.length / 3);
  });

  test('300 events and a navigation, while another script holds 40 KiB of keepalive: nothing is lost', async () => {
    collector.reply = async ({ params }) => {
      // The other script's request stays open.
      if (params.get('key') === 'other') await new Promise((resolve) => setTimeout(resolve, 3000));
      return { status: 200 };
    };
    const page = await visit();
    await page.evaluate((url) => {
      void fetch(url, { method: 'POST', keepalive: true, body: ' '.repeat(40 * 1024) }).catch(() => {});
      for (let n = 0; n < 300; n++) millrace.track('liked_item', { properties: { n } });
      location.href = '/blank';
    }, `${collector.origin}/v1/events?key=other`);
    await page.waitForURL('**/blank');
    await page.goto(`${site.origin}/`);
    await allOf(300);
    expect(numbers()).toEqual(upTo(300));
    collector.refused.length = 0;
  });

  test('a page that is left uses fetchLater where there is one, for its own events, within its share', async () => {
    const page = await visit();
    const has = await page.evaluate(() => typeof (window as { fetchLater?: unknown }).fetchLater === 'function');
    await page.evaluate(() => {
      const calls: string[] = [];
      const { fetchLater } = window as unknown as { fetchLater?: (...given: unknown[]) => unknown };
      if (fetchLater) {
        (window as unknown as { fetchLater: unknown }).fetchLater = (url: string, init: { body: string }) => {
          calls.push(init.body);
          localStorage.setItem('called', JSON.stringify(calls));
          return fetchLater.call(window, url, init);
        };
      }
      for (let n = 0; n < 30; n++) millrace.track('liked_item', { properties: { n } });
      location.href = '/blank';
    });
    await page.waitForURL('**/blank');
    await allOf(30);
    if (!has) console.warn(`Chromium ${browser.version()} here has no fetchLater: keepalive is tested instead.`);
    else expect(await page.evaluate(() => localStorage.getItem('called'))).toContain('liked_item');
  });

  test('without keepalive and fetchLater a page that is left sends a beacon', async () => {
    site.pages['/'] = html(`<script>
      delete Request.prototype.keepalive; window.fetchLater = undefined;
      const fetch = window.fetch; window.fetch = (url, init) => init?.keepalive ? Promise.reject(new TypeError('old')) : fetch(url, init);
    </script>`);
    const page = await visit();
    await page.evaluate(() => {
      for (let n = 0; n < 30; n++) millrace.track('liked_item', { properties: { n } });
      location.href = '/blank';
    });
    await page.waitForURL('**/blank');
    await allOf(30);
  });

  test('the host’s storage never holds more than 256 KB of ours, however much waits', async () => {
    collector.reply = () => ({ status: 503, headers: { 'retry-after': '600' } });
    for (const path of ['/', '/without']) {
      site.pages['/without'] = html(
        '<script>Object.defineProperty(window, "indexedDB", { value: undefined })</script>',
      );
      const page = await visit(path);
      let most = 0;
      for (let round = 0; round < 15; round++) {
        await page.evaluate(() => {
          for (let n = 0; n < 100; n++) millrace.track('liked_item', { properties: { text: 'x'.repeat(400) } });
        });
        const used = await page.evaluate(() =>
          Object.entries(localStorage).reduce((sum, [name, text]) => sum + name.length + text.length, 0),
        );
        most = Math.max(most, used);
        await rest(page, 30);
      }
      expect(most).toBeGreaterThan(10_000);
      expect(most).toBeLessThanOrEqual(256 * 1024);
      await page.close();
    }
  });

  test('5,000 events wait through an outage, and all arrive in order after it, by another page', async () => {
    collector.reply = () => ({ status: 503, headers: { 'retry-after': '600' } });
    const page = await visit();
    for (let round = 0; round < 25; round++) {
      await track(page, 200, round * 200);
      await rest(page, 20);
    }
    await page.close();
    collector.reply = () => ({ status: 200 });
    const next = await visit();
    // The pause that the server asked for is ten minutes. Counted without a look at each: the collector shares this
    // process.
    const drained = async () => {
      await next.evaluate(() => localStorage.removeItem('millrace.demo.w'));
      await next.evaluate(() => millrace.flush());
      return collector.kept().length >= 5000;
    };
    await eventually('5,000 events', drained, 200_000);
    expect(collector.kept().map(({ properties }) => properties?.n)).toEqual(upTo(5000));
  });

  test('SIGKILL of the browser loses no event that is older than 100 ms, and nothing comes twice but what was under way', async () => {
    const profile = mkdtempSync(join(diskFolder(), 'millrace-profile-'));
    try {
      let killable = await startKillableBrowser(profile);
      collector.reply = () => ({ status: 503, headers: { 'retry-after': '1' } });
      let from = 0;
      for (let round = 0; round < 4; round++) {
        const page = await visit('/', killable.page);
        await track(page, 40, from);
        await rest(page, 150);
        await written(page);
        await killable.kill();
        from += 40;
        killable = await startKillableBrowser(profile);
      }
      collector.reply = () => ({ status: 200 });
      await comeBackFor(from, killable.page);
      expect(numbers()).toEqual(upTo(from));
      // A number of a stream is given out once, also by pages that found an older storage.
      const places = collector.kept().map(({ stream_id, seq }) => `${stream_id} ${seq}`);
      expect(new Set(places).size).toBe(places.length);
      await killable.close();
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  test('SIGKILL of the browser loses nothing of a page that was left in the task of its events: the next page makes them safe at once', async () => {
    const profile = mkdtempSync(join(diskFolder(), 'millrace-profile-'));
    try {
      let killable = await startKillableBrowser(profile);
      collector.reply = () => ({ status: 503, headers: { 'retry-after': '600' } });
      for (let round = 0; round < 3; round++) {
        const page = await visit('/', killable.page);
        // Its view is stored and refused by now: nothing else goes on.
        await rest(page, 1000);
        await page.evaluate((first) => {
          for (let n = first; n < first + 50; n++) millrace.track('liked_item', { properties: { n } });
          location.href = '/?next';
        }, round * 50);
        await page.waitForURL('**/?next');
        await rest(page, 150);
        await written(page);
        await killable.kill();
        killable = await startKillableBrowser(profile);
      }
      collector.reply = () => ({ status: 200 });
      await comeBackFor(150, killable.page);
      await killable.close();
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  test('events keep their order, and their time is corrected, when the clock jumps in the middle of a visit', async () => {
    // The page's clock: an hour ahead, then set right, then a day behind, as `shift` in the storage says.
    site.pages['/'] = html(`<script>
      const real = Date.now.bind(Date);
      Date.now = () => real() + Number(sessionStorage.getItem('shift') ?? 3600_000);
    </script>`);
    const page = await visit();
    const step = async (n: number, shift?: number) => {
      if (shift !== undefined) await page.evaluate((ms) => sessionStorage.setItem('shift', String(ms)), shift);
      await track(page, 1, n);
      await page.evaluate(() => millrace.flush());
      await allOf(n + 1);
    };
    await step(0);
    await step(1);
    await step(2, 0);
    await page.reload();
    await step(3);
    await step(4, -86_400_000);
    await step(5);
    const events = collector.kept();
    expect(events.map(({ properties }) => properties?.n)).toEqual(upTo(6));
    // What the server makes of it: the time of the event, corrected by the difference that the batch shows.
    for (const hit of collector.hits) {
      for (const event of hit.events) {
        const occurred = Date.parse(event.event_time) + hit.at - Number(hit.params.get('sent_at'));
        expect(Math.abs(occurred - hit.at)).toBeLessThan(10_000);
      }
    }
    // One stream, one clock.
    const streams = [...new Set(events.map(({ stream_id }) => stream_id))].map((id) =>
      events.filter(({ stream_id }) => stream_id === id),
    );
    for (const stream of streams) {
      const times = stream.map(({ event_time }) => Date.parse(event_time));
      expect(Math.max(...times) - Math.min(...times)).toBeLessThan(60_000);
    }
  });

  test('an event that waits while the clock is set is corrected by the clock that timed it', async () => {
    site.pages['/'] = html(`<script>
      const real = Date.now.bind(Date);
      Date.now = () => real() + Number(sessionStorage.getItem('shift') ?? 3600_000);
    </script>`);
    const page = await visit();
    await track(page, 1, 0);
    await allOf(1);
    // Known by now: this clock is an hour ahead. The next event is timed by it, and cannot leave before the page has
    // learned better, below.
    collector.reply = () => ({ status: 503, headers: { 'retry-after': '6' } });
    await page.reload();
    await track(page, 1, 1);
    await eventually('a try', () => collector.hits.length > 1);
    // The clock is set right, and the page learns of it by another event.
    await page.evaluate(() => sessionStorage.setItem('shift', '0'));
    collector.reply = () => ({ status: 200 });
    await page.reload();
    await page.evaluate(() => localStorage.setItem('millrace.demo.c', '0'));
    await allOf(2);
    const hit = collector.hits.at(-1)!;
    const late = hit.events.find(({ properties }) => properties?.n === 1)!;
    const occurred = Date.parse(late.event_time) + hit.at - Number(hit.params.get('sent_at'));
    expect(Math.abs(occurred - hit.at)).toBeLessThan(20_000);
  });

  test('web vitals are events, by a plugin of their own', async () => {
    await collector.close();
    collector = await startCollector({
      '/millrace.js': built('millrace.js'),
      '/millrace-full.js': built('millrace-full.js'),
      '/millrace-vitals.js': built('millrace-vitals.js'),
    });
    site.pages['/'] =
      `${html(`<script async src="${collector.origin}/millrace-vitals.js"></script>`, '')}<h1>Shop</h1>`;
    const page = await visit();
    await page.click('h1');
    await page.goto(`${site.origin}/blank`);
    await page.goto(`${site.origin}/`);
    const vitals = await eventually('web vitals', () => {
      const found = collector.kept().filter(({ event }) => event === 'web_vital');
      return found.length >= 3 ? found : undefined;
    });
    const metrics = vitals.map(({ properties }) => properties!.metric);
    expect(metrics).toEqual(expect.arrayContaining(['fcp', 'ttfb']));
    for (const { properties } of vitals) {
      expect(properties).toMatchObject({ value: expect.any(Number), rating: expect.any(String) });
    }
  });
});
