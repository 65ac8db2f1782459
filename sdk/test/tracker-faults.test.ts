import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import { type Site, type SitePage, startSite } from './browser/site.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('the tracker when things go wrong', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;
  const thrown: string[] = [];

  const html = (before = '', attributes = 'data-auto="off"') =>
    `<!doctype html><title>Shop</title>${before}<script async src="${collector.origin}/millrace.js" data-key="demo" ${attributes}></script><body>`;

  /** Opens a page. Its load event, and so `goto`, waits for the tracker's script. */
  async function visit(path = '/'): Promise<Page> {
    const page = await context.newPage();
    await page.goto(site.origin + path);
    return page;
  }
  /** Tracks events numbered from `from`, in one task. */
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
  const allOf = (count: number) => eventually(`${count} events`, () => numbers().length >= count);

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
    thrown.length = 0;
    context.on('weberror', (error) => thrown.push(String(error.error())));
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    expect(collector.refused).toEqual([]);
    expect(collector.hits.filter(({ method }) => method !== 'POST')).toEqual([]);
    expect(thrown).toEqual([]);
  });

  test('track() has the event in the storage before it returns, and sends nothing', async () => {
    const page = await visit();
    const [stored, requests] = await page.evaluate(() => {
      let requests = 0;
      const { fetch, navigator } = window;
      window.fetch = (...given) => {
        requests++;
        return fetch(...given);
      };
      navigator.sendBeacon = () => {
        requests++;
        return true;
      };
      const waiting = () => Object.values(localStorage).filter((text) => text.includes('"liked_item"')).length;
      const stored: number[] = [];
      for (let n = 0; n < 60; n++) {
        millrace.track('liked_item', { properties: { n } });
        stored.push(waiting());
      }
      return [stored, requests] as const;
    });
    expect(stored).toEqual(upTo(60).map((n) => n + 1));
    expect(requests).toBe(0);
    await allOf(60);
  });

  test('300 events and a navigation in the same task: nothing is lost', async () => {
    const page = await visit();
    await page.evaluate(() => {
      for (let n = 0; n < 300; n++) millrace.track('liked_item', { properties: { n } });
      location.href = '/blank';
    });
    await page.waitForURL('**/blank');
    await page.goto(`${site.origin}/`);
    await allOf(300);
    expect(numbers()).toEqual(upTo(300));
  });

  test('what fits leaves with the page itself, before anybody comes back', async () => {
    const page = await visit();
    await page.evaluate(() => {
      for (let n = 0; n < 20; n++) millrace.track('liked_item', { properties: { n } });
      location.href = '/blank';
    });
    await page.waitForURL('**/blank');
    await allOf(20);
    expect(numbers()).toEqual(upTo(20));
  });

  test('a page that is hidden sends at once and repeats nothing', async () => {
    const page = await visit();
    await page.evaluate(() => {
      millrace.track('liked_item', { properties: { n: 0 } });
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await allOf(1);
    await page.evaluate(() => millrace.flush());
    await track(page, 1, 1);
    await allOf(2);
    expect(collector.sent()).toHaveLength(2);
  });

  for (const [name, reply] of [
    ['503', { status: 503 }],
    ['connections that are reset', 'reset'],
    ['a server that never answers', 'hang'],
  ] as const) {
    test(`${name}, then the visitor leaves, comes back, and all is well: nothing is lost`, async () => {
      collector.reply = () => reply;
      const page = await visit();
      await track(page, 50);
      await eventually('a try', () => collector.hits.length > 0);
      await page.goto(`${site.origin}/blank`);
      expect(numbers()).toEqual([]);
      collector.reply = () => ({ status: 200 });
      await page.goto(`${site.origin}/`);
      await allOf(50);
      expect(numbers()).toEqual(upTo(50));
    });
  }

  test('a retry asks first whether the server has the batch, then repeats it, its id and its bytes', async () => {
    let failures = 2;
    collector.reply = () => ({ status: failures-- > 0 ? 503 : 200, headers: { 'retry-after': '1' } });
    const page = await visit();
    await track(page, 5);
    await allOf(5);
    // One try and one question in vain, then a question that is answered: not known.
    expect([collector.hits.length, collector.asked.length]).toEqual([2, 2]);
    expect(new Set([...collector.hits, ...collector.asked].map(({ params }) => params.get('batch'))).size).toBe(1);
    expect(new Set(collector.hits.map(({ body }) => body)).size).toBe(1);
  });

  test('429 with Retry-After, from another origin: not a request before its time, from any tab', async () => {
    collector.reply = () => ({ status: 429, headers: { 'retry-after': '2' } });
    const page = await visit();
    await track(page, 3);
    await eventually('the first try', () => collector.hits.length > 0);
    collector.reply = () => ({ status: 200 });
    const other = await visit();
    await track(other, 1, 3);
    await allOf(4);
    const [first, ...later] = collector.hits.map(({ at }) => at);
    for (const at of later) expect(at - first!).toBeGreaterThanOrEqual(1950);
  });

  test('400 costs the batch, is not repeated, and is reported', async () => {
    collector.reply = () => ({ status: 400 });
    const page = await visit();
    await track(page, 2);
    await eventually('the refusal', () => collector.hits.length > 0);
    await page.evaluate(() => millrace.flush());
    collector.reply = () => ({ status: 200 });
    await track(page, 1, 2);
    await allOf(1);
    expect(collector.kept()[0]!.properties).toEqual({ n: 2, tracker_dropped: { refused: 2 } });
    expect(collector.hits).toHaveLength(2);
  });

  test('413 splits until it fits', async () => {
    collector.reply = ({ events }) => ({ status: events.length > 5 ? 413 : 200 });
    const page = await visit();
    await track(page, 20);
    await allOf(20);
    expect(numbers()).toEqual(upTo(20));
  });

  test('4 tabs: one request at a time, nothing lost, nothing twice', async () => {
    collector.reply = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return { status: 200 };
    };
    const tabs = await Promise.all(upTo(4).map(() => visit()));
    await Promise.all(tabs.map((page, tab) => track(page, 40, tab * 40)));
    await allOf(160);
    expect(numbers()).toEqual(upTo(160));
    expect(collector.sent()).toHaveLength(160);
    expect(collector.mostAtOnce()).toBe(1);
    for (const stream of new Set(collector.kept().map(({ stream_id }) => stream_id))) {
      const seqs = collector
        .kept()
        .filter((event) => event.stream_id === stream)
        .map(({ seq }) => seq);
      expect(seqs).toEqual(upTo(40));
    }
  });

  test('4 tabs during a 503, all closed: a fifth one sends what they left', async () => {
    collector.reply = () => ({ status: 503 });
    const tabs = await Promise.all(upTo(4).map(() => visit()));
    await Promise.all(tabs.map((page, tab) => track(page, 25, tab * 25)));
    await eventually('a try', () => collector.hits.length > 0);
    await Promise.all(tabs.map((page) => page.close()));
    collector.reply = () => ({ status: 200 });
    await visit();
    await allOf(100);
    expect(numbers()).toEqual(upTo(100));
  });

  test('the tab that sends dies with its request under way: another one takes over', async () => {
    collector.reply = () => 'hang';
    const dying = await visit();
    await track(dying, 10);
    await eventually('a request under way', () => collector.hits.length > 0);
    const living = await visit();
    await track(living, 1, 10);
    collector.reply = () => ({ status: 200 });
    const session = await context.newCDPSession(dying);
    session.send('Page.crash').catch(() => {});
    await allOf(11);
    expect(numbers()).toEqual(upTo(11));
  });

  test('without Web Locks tabs still take turns', async () => {
    const before = '<script>Object.defineProperty(Navigator.prototype, "locks", { value: undefined })</script>';
    site.pages['/'] = html(before);
    let underWay = 0;
    let most = 0;
    collector.reply = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 60));
      underWay--;
      return { status: 200 };
    };
    // A lease lets two in where a tab stalls, as it may on a busy machine.
    for (let round = 0; round < 3 && most !== 1; round++) {
      most = 0;
      const tabs = await Promise.all(upTo(2).map(() => visit()));
      await Promise.all(tabs.map((page, tab) => track(page, 60, (2 * round + tab) * 60)));
      await allOf(120 * (round + 1));
      expect(numbers()).toEqual(upTo(120 * (round + 1)));
      await Promise.all(tabs.map((page) => page.close()));
    }
    expect(most).toBe(1);
  });

  test('storage full: events go from memory, and the host keeps what it had', async () => {
    const fill = `<script>
      for (let size = 1 << 20; size >= 1; size >>= 1)
        try { for (let n = 0; ; n++) localStorage.setItem('host' + size + '-' + n, 'x'.repeat(size)); } catch {}
      var hostKeys = Object.keys(localStorage).length;
    </script>`;
    site.pages['/'] = html(fill);
    const page = await visit();
    await track(page, 120);
    await allOf(120);
    expect(numbers()).toEqual(upTo(120));
    expect(collector.kept().map(({ seq }) => seq)).toEqual(upTo(120));
    expect(await page.evaluate('Object.keys(localStorage).filter((key) => key.startsWith("host")).length')).toBe(
      await page.evaluate('hostKeys'),
    );
  });

  test('storage blocked (an opaque origin): events go from memory', async () => {
    const blocked: SitePage = { html: html(), headers: { 'content-security-policy': 'sandbox allow-scripts' } };
    site.pages['/'] = blocked;
    const page = await visit();
    expect(
      await page.evaluate(() => {
        try {
          return typeof localStorage;
        } catch (error) {
          return (error as Error).name;
        }
      }),
    ).toBe('SecurityError');
    await track(page, 30);
    await allOf(30);
    expect(collector.kept().map(({ seq }) => seq)).toEqual(upTo(30));
  });

  test('a site that clears its storage does no harm beyond what it cleared', async () => {
    const page = await visit();
    await track(page, 2);
    await allOf(2);
    await page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
    });
    await track(page, 2, 2);
    await allOf(4);
    // Whoever clears the storage is somebody new, so the stream is a new one, too.
    expect(new Set(collector.kept().map(({ visitor_id }) => visitor_id)).size).toBe(2);
    expect(collector.kept().map(({ seq }) => seq)).toEqual([0, 1, 0, 1]);
  });

  const brokenApis = {
    'crypto.randomUUID': 'Crypto.prototype.randomUUID = boom',
    crypto: 'Object.defineProperty(window, "crypto", { get: boom })',
    'fetch (gone until the next page)': 'window.fetch = boom',
    'navigator.locks': 'LockManager.prototype.request = boom',
    AbortController: 'window.AbortController = boom',
    'Storage.setItem': 'Storage.prototype.setItem = boom',
    'Storage.getItem': 'Storage.prototype.getItem = boom',
    'Storage.removeItem': 'Storage.prototype.removeItem = boom',
    localStorage: 'Object.defineProperty(window, "localStorage", { get: boom })',
    indexedDB: 'Object.defineProperty(window, "indexedDB", { get: boom })',
    'IDBFactory.open': 'IDBFactory.prototype.open = boom',
    'IDBDatabase.transaction': 'IDBDatabase.prototype.transaction = boom',
    'IDBObjectStore.put': 'IDBObjectStore.prototype.put = boom',
    'IDBObjectStore.getAll': 'IDBObjectStore.prototype.getAll = boom',
    'IDBObjectStore.delete': 'IDBObjectStore.prototype.delete = boom',
    IDBKeyRange: 'window.IDBKeyRange = undefined',
    'an IndexedDB that never opens': 'IDBFactory.prototype.open = () => ({})',
    CompressionStream: 'window.CompressionStream = boom',
    'CompressionStream (missing)': 'window.CompressionStream = undefined',
    Blob: 'window.Blob = boom',
    Response: 'window.Response = boom',
    fetchLater: 'window.fetchLater = boom',
    'navigation (missing)': 'Object.defineProperty(window, "navigation", { value: undefined })',
    'history.pushState':
      'Object.defineProperty(window, "navigation", { get: boom }); Object.defineProperty(History.prototype, "pushState", { get: boom })',
    URLSearchParams: 'Object.defineProperty(URL.prototype, "searchParams", { get: boom })',
    'navigator.globalPrivacyControl':
      'Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: boom })',
    'document.cookie': 'Object.defineProperty(Document.prototype, "cookie", { get: boom, set: boom })',
    TextEncoder: 'window.TextEncoder = boom',
    'navigator.userAgentData': 'Object.defineProperty(Navigator.prototype, "userAgentData", { get: boom })',
    'Event.composedPath': 'Event.prototype.composedPath = boom',
    sendBeacon: 'Navigator.prototype.sendBeacon = boom',
    setTimeout: 'window.setTimeout = boom',
    Request: 'window.Request = undefined',
    'Object.keys of a storage':
      'const keys = Object.keys; Object.keys = (of) => of instanceof Storage ? boom() : keys(of)',
    'document.referrer': 'Object.defineProperty(Document.prototype, "referrer", { get: boom })',
  };
  test('each Web API made to throw, in turn: no error reaches the page, and what can be sent is sent, not over and over', async () => {
    const page = await context.newPage();
    for (const [index, code] of Object.values(brokenApis).entries()) {
      const before = `<script>const boom = () => { throw new Error('boom'); }; ${code}</script>`;
      site.pages[`/broken${index}`] = html(before);
      await page.goto(`${site.origin}/broken${index}`);
      await page.evaluate((n) => {
        document.body.click();
        millrace.track('liked_item', { properties: { n } });
        millrace.page();
        millrace.identify('u1');
        void millrace.flush();
      }, index);
    }
    await page.goto(`${site.origin}/`);
    await eventually('an event from each', () => numbers().length >= Object.keys(brokenApis).length, 10_000).catch(
      () => {},
    );
    const missing = Object.keys(brokenApis).filter((_, index) => !numbers().includes(index));
    expect(missing).toEqual([]);
    // A page that is left may repeat what it cannot note: when it is hidden, and when it goes. So may the next page, which
    // takes over what is not answered yet and is left at once.
    const times = new Map<string, number>();
    for (const { event_id } of collector.sent()) times.set(event_id, (times.get(event_id) ?? 0) + 1);
    expect(Math.max(...times.values())).toBeLessThanOrEqual(6);
  });
});
