import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { MillraceEvent } from '../src/schema/index.js';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import { type Site, startSite } from './browser/site.js';

declare const millrace: Tracker;

browserDescribe('the tracker in a page', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let collector: Collector;
  let site: Site;
  /** What any page threw or rejected without catching it. */
  const thrown: string[] = [];

  const tag = (attributes = '') =>
    `<script async src="${collector.origin}/millrace.js" data-key="demo" ${attributes}></script>`;
  const html = (body = '', attributes = '') =>
    `<!doctype html><title>Shop</title>${tag(attributes)}<body>${body}</body>`;

  /** Opens a page. Its load event, and so `goto`, waits for the tracker's script. */
  async function visit(path = '/'): Promise<Page> {
    const page = await context.newPage();
    await page.goto(site.origin + path);
    return page;
  }
  const arrived = (count: number) =>
    eventually(`${count} events`, () => (collector.kept().length >= count ? collector.kept() : undefined));
  const names = (events: MillraceEvent[]) => events.map(({ event }) => event);

  beforeAll(async () => {
    // Playwright switches the back/forward cache off; visitors have it.
    browser = await launch({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  });
  beforeEach(async () => {
    collector = await startCollector({
      '/millrace.js': built('millrace.js'),
      '/millrace-full.js': built('millrace-full.js'),
      '/millrace.esm.js': built('millrace.esm.js'),
      '/millrace-debug.js': built('millrace-debug.js'),
      '/millrace-vitals.js': built('millrace-vitals.js'),
    });
    site = await startSite({ '/': html() });
    context = await browser.newContext();
    thrown.length = 0;
    context.on('weberror', (error) => thrown.push(String(error.error())));
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    // Whatever a test is about: every event fits the schema, no request needed leave first, no error reached the page.
    expect(collector.refused).toEqual([]);
    expect(collector.hits.filter(({ method }) => method !== 'POST')).toEqual([]);
    expect(thrown).toEqual([]);
  });

  test('a pasted script tag counts the page view, once', async () => {
    site.pages['/'] = `<!doctype html><title>Books & more</title>${tag('data-page="books"')}<body>`;
    const page = await context.newPage();
    await page.goto(`${site.origin}/`, { referer: 'https://search.example/' });
    const [view] = await arrived(1);
    expect(view).toMatchObject({
      event: 'page_view',
      page: 'books',
      seq: 0,
      url: `${site.origin}/`,
      referrer: 'https://search.example/',
      title: 'Books & more',
      os: 'linux',
      device: 'desktop',
      sdk: `millrace-js/${JSON.parse(built('millrace.json')).version}`,
    });
    const { params, headers, path } = collector.hits[0]!;
    expect(path).toBe('/v1/events');
    expect(params.get('key')).toBe('demo');
    expect(Number(params.get('sent_at'))).toBeGreaterThan(Date.parse(view!.event_time));
    expect(params.get('batch')).toBe(`${view!.stream_id}.0.0`);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    await page.evaluate(() => millrace.flush());
    expect(collector.sent()).toHaveLength(1);
  });

  test('the page is named by the script tag, the body, the html element, a call, or the path', async () => {
    site.pages['/script'] = html('', 'data-page="books"');
    site.pages['/body'] = `<!doctype html>${tag()}<body data-page="food">`;
    site.pages['/html'] = `<!doctype html><html data-page="apparel"><head>${tag()}</head><body>`;
    site.pages['/garden/roses'] = html();
    site.pages['/'] = html();
    for (const path of ['/script', '/body', '/html', '/garden/roses', '/']) await visit(path);
    const page = await visit('/body');
    await page.evaluate(() => {
      millrace.page({ page: 'electronics' });
      millrace.track('liked_item');
      millrace.track('liked_item', { page: 'cart' });
    });
    await arrived(8);
    const pageOf = (path: string) =>
      collector
        .kept()
        .filter(({ url }) => url === site.origin + path)
        .map((event) => event.page);
    expect(pageOf('/script')).toEqual(['books']);
    // The call names the view that is just shown.
    expect(pageOf('/body').toSorted()).toEqual(['cart', 'electronics', 'electronics', 'food']);
    expect(pageOf('/html')).toEqual(['apparel']);
    expect(pageOf('/garden/roses')).toEqual(['garden']);
    expect(pageOf('/')).toEqual(['home_page']);
  });

  test('data-auto="off" leaves page views to the site, data-endpoint says where events go', async () => {
    const other = await startCollector();
    site.pages['/'] = html('', `data-auto="off" data-endpoint="${other.origin}/v1/events?tenant=7"`);
    const page = await visit();
    await page.evaluate(() => millrace.track('liked_item'));
    await eventually('an event', () => other.kept().length > 0);
    expect(names(other.kept())).toEqual(['liked_item']);
    expect(Object.fromEntries(other.hits[0]!.params)).toMatchObject({ tenant: '7', key: 'demo' });
    expect(collector.hits).toEqual([]);
    await other.close();
  });

  test('a click on data-track inside a link that navigates in the same tick is not lost', async () => {
    const item = 'data-item-id="42" data-item-name="The Trial" data-item-price="9.90" data-currency="EUR"';
    site.pages['/'] = html(
      `<div ${item} data-page="books"><a href="/next" data-track="clicked_review" data-track-shelf-row="3"><b>Reviews</b></a></div>`,
    );
    site.pages['/next'] = html();
    const page = await context.newPage();
    for (let round = 0; round < 3; round++) {
      await page.goto(`${site.origin}/`);
      await page.click('b');
      await page.waitForURL('**/next');
    }
    await eventually(
      '3 clicks',
      () => names(collector.kept()).filter((name) => name === 'clicked_review').length === 3,
    );
    const clicked = collector.kept().find(({ event }) => event === 'clicked_review');
    expect(clicked).toMatchObject({
      page: 'books',
      url: `${site.origin}/`,
      item_id: '42',
      item_name: 'The Trial',
      item_price: 9.9,
      currency: 'EUR',
      properties: { shelf_row: '3' },
    });
  });

  test('clicks are heard through shadow DOM, and past handlers that stop them', async () => {
    site.pages['/'] = html(`<div id="host" data-item-id="7"></div><script>
      const root = host.attachShadow({ mode: 'open' });
      root.innerHTML = '<button data-track="liked_item"><i>like</i></button>';
      root.querySelector('button').addEventListener('click', (event) => event.stopImmediatePropagation());
      document.body.addEventListener('click', (event) => event.stopPropagation(), true);
    </script>`);
    const page = await visit();
    await page.click('i');
    const events = await arrived(2);
    expect(events[1]).toMatchObject({ event: 'liked_item', item_id: '7' });
  });

  test('calls made before the script has loaded are kept by the stub, with their time', async () => {
    site.pages['/'] = `<!doctype html><title>Shop</title><script>${built('millrace.stub.js')}
      const early = millrace;
      millrace.identify('u1');
      millrace.track('liked_item', { item_id: 1 });
      var calledAt = Date.now();
    </script><body><script>
      setTimeout(() => { document.body.insertAdjacentElement('beforeend', Object.assign(document.createElement('script'),
        { src: '${collector.origin}/millrace.js' })).dataset.key = 'demo'; }, 400);
    </script>`;
    // The attribute is set after the element is in the page, and the script runs later: so it is there in time.
    const page = await visit();
    await page.waitForFunction(() => window.millrace?.version);
    await page.evaluate('early.track("reviewed_item")');
    const events = await arrived(3);
    expect(events.map(({ event, user_id, seq }) => [event, user_id, seq])).toEqual([
      ['liked_item', 'u1', 0],
      ['page_view', 'u1', 1],
      ['reviewed_item', 'u1', 2],
    ]);
    const calledAt = await page.evaluate('calledAt');
    expect(Math.abs(Date.parse(events[0]!.event_time) - Number(calledAt))).toBeLessThan(300);
  });

  test('identify names the person on later events, pages and tabs, until null', async () => {
    const page = await visit();
    await arrived(1);
    await page.evaluate(() => {
      millrace.identify('u1');
      millrace.track('liked_item');
    });
    await arrived(2);
    const other = await visit();
    await arrived(3);
    await other.evaluate(() => millrace.identify(null));
    // Tabs may be processes: what one stores the other has when the browser has carried it over.
    await page.waitForFunction(() => localStorage.getItem('millrace.demo.v')?.endsWith('|'));
    await page.evaluate(() => millrace.track('reviewed_item'));
    const events = await arrived(4);
    expect(events.map(({ user_id }) => user_id)).toEqual([undefined, 'u1', 'u1', undefined]);
    expect(new Set(events.map(({ visitor_id }) => visitor_id)).size).toBe(1);
    expect(new Set(events.map(({ session_id }) => session_id)).size).toBe(1);
  });

  test('each page is a stream of its own, a duplicated tab too, and its first events say what was before', async () => {
    const page = await visit();
    await arrived(1);
    await page.goto(`${site.origin}/?2`);
    await arrived(2);
    const [opened] = await Promise.all([context.waitForEvent('page'), page.evaluate(() => void window.open('/?3'))]);
    await opened.waitForFunction(() => window.millrace?.version);
    await arrived(3);
    await page.evaluate(() => millrace.track('liked_item'));
    await opened.evaluate(() => {
      for (let n = 0; n < 3; n++) millrace.track('reviewed_item');
    });
    const events = await arrived(7);
    const of = (end: string) => events.filter(({ url }) => url?.endsWith(end)).sort((a, b) => a.seq - b.seq);
    const [first, second, copy] = [of('/'), of('?2'), of('?3')];
    expect(new Set(events.map(({ stream_id }) => stream_id)).size).toBe(3);
    expect([first, second, copy].map((stream) => stream.map(({ seq }) => seq))).toEqual([[0], [0, 1], [0, 1, 2, 3]]);
    expect(first[0]).not.toHaveProperty('after_seq');
    expect(second[0]).toMatchObject({ after_stream_id: first[0]!.stream_id, after_seq: 0 });
    expect(copy[0]).toMatchObject({ after_stream_id: second[0]!.stream_id, after_seq: 0 });
    // Said three times, so that the loss of one event does not hide a lost tail.
    expect(copy[2]).toMatchObject({ after_stream_id: second[0]!.stream_id, after_seq: 0 });
    expect(copy[3]).not.toHaveProperty('after_seq');
  });

  test('the ES module does the same, with the site’s own names', async () => {
    site.pages['/'] = `<!doctype html><title>Module</title><body><button data-track="liked_item">x</button>
      <script type="module">
        import { createTracker, allModules } from '${collector.origin}/millrace.esm.js';
        window.millrace = createTracker({ key: 'k/1', endpoint: '${collector.origin}/v1/events', page: 'books' }, allModules());
        millrace.track('clicked_review', { item_id: 1 });
      </script>`;
    const page = await visit();
    await page.click('button');
    const events = await arrived(3);
    expect(names(events)).toEqual(['page_view', 'clicked_review', 'liked_item']);
    expect(collector.hits[0]!.params.get('key')).toBe('k/1');
  });

  test('runs under a strict CSP with Trusted Types, admitted by its SRI hash', async () => {
    const { integrity } = JSON.parse(built('millrace.json'));
    const policy = `default-src 'none'; script-src '${integrity}'; connect-src ${collector.origin}; require-trusted-types-for 'script'; trusted-types 'none'`;
    site.pages['/'] = {
      html: html('', `integrity="${integrity}" crossorigin="anonymous"`),
      headers: { 'content-security-policy': policy },
    };
    const complaints: string[] = [];
    context.on('console', (message) => complaints.push(message.text()));
    await visit();
    expect(names(await arrived(1))).toEqual(['page_view']);
    expect(complaints.filter((text) => !text.includes('favicon'))).toEqual([]);
  });

  test('bad calls never throw, are counted on the next event, and the debug plugin says them', async () => {
    site.pages['/'] = html(`<script src="${collector.origin}/millrace-debug.js"></script>`);
    const said: string[] = [];
    context.on('console', (message) => said.push(message.text()));
    const page = await visit();
    await page.evaluate(() => {
      const anything = millrace as unknown as Record<string, (...given: unknown[]) => void>;
      const ring: Record<string, unknown> = {};
      ring.ring = ring;
      const trap = new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('trap');
          },
        },
      );
      for (const bad of [undefined, null, '', 7, {}, [], () => 1, ring, Symbol('s'), trap]) {
        anything.track!(bad);
        anything.track!('liked_item', bad);
        anything.page!(bad);
      }
      anything.identify!({});
      anything.identify!('x'.repeat(65));
      anything.track!('Liked Item!', { currency: 'Euro', item_id: 1 });
      anything.track!('last_one');
    });
    await eventually('the last event', () => names(collector.kept()).includes('last_one'));
    const events = collector.kept();
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    const likes = events.find(({ item_id }) => item_id === '1');
    expect(likes).toMatchObject({ event: 'liked_item', properties: { tracker_dropped: { field: 13, invalid: 11 } } });
    expect(said.some((text) => text.includes('currency'))).toBe(true);
  });

  test('a missing data-key is said, and calls still do nothing rather than throw', async () => {
    site.pages['/'] = `<!doctype html><script src="${collector.origin}/millrace.js"></script><body>`;
    const said: string[] = [];
    context.on('console', (message) => said.push(message.text()));
    const page = await visit();
    await page.evaluate(async () => {
      millrace.track('liked_item');
      millrace.page();
      millrace.identify('u1');
      await millrace.flush();
    });
    expect(said.join()).toContain('data-key');
    expect(collector.hits).toEqual([]);
  });

  test('the script twice in a page counts once', async () => {
    site.pages['/'] = html(tag());
    const page = await visit();
    await page.evaluate(() => millrace.track('last_one'));
    await eventually('the last event', () => names(collector.kept()).includes('last_one'));
    expect(names(collector.kept())).toEqual(['page_view', 'last_one']);
  });

  /**
   * Leaves the page and comes back: whether it came from the back/forward cache. A page that is loaded anew knows
   * nothing of `left`.
   */
  async function leaveAndReturn(page: Page): Promise<boolean> {
    await page.evaluate('var left = true');
    await page.goto(`${site.origin}/next`);
    // Nothing is loaded when a page comes back from the cache, so there is no load to wait for.
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForURL((url) => url.pathname !== '/next', { waitUntil: 'commit' });
    return page.evaluate('typeof left === "boolean"');
  }

  test('the page can enter the back/forward cache, and goes on with its stream after it, and counts the return once', async () => {
    site.pages['/next'] = html();
    site.pages['/plain'] = '<!doctype html><title>Without a tracker</title>';
    const control = await context.newPage();
    await control.goto(`${site.origin}/plain`);
    if (!(await leaveAndReturn(control))) {
      console.warn(
        `Chromium ${browser.version()} here has no back/forward cache: what the tracker does with it is not tested.`,
      );
      return;
    }
    await control.close();
    // A page that is left in the midst of an IndexedDB transaction, as one in a hundred is on a busy machine, is not
    // kept.
    let page!: Page;
    let returned = false;
    for (let visits = 0; !returned && visits < 3; visits++) {
      const before = collector.kept().length;
      page = await visit();
      await eventually('its view', () => collector.kept().length > before);
      await page.evaluate(() => millrace.track('liked_item'));
      returned = await leaveAndReturn(page);
    }
    expect(returned).toBe(true);
    await page.evaluate(() => millrace.track('last_one'));
    await eventually('the last event', () => names(collector.kept()).includes('last_one'));
    const last = collector.kept().find(({ event }) => event === 'last_one')!;
    const events = collector
      .kept()
      .filter(({ stream_id }) => stream_id === last.stream_id)
      .sort((a, b) => a.seq - b.seq);
    expect(events.map(({ event, url, seq }) => [event, new URL(url!).pathname, seq])).toEqual([
      ['page_view', '/', 0],
      ['liked_item', '/', 1],
      ['page_view', '/', 2],
      ['last_one', '/', 3],
    ]);
  });
});
