import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type RunningStore, startStore } from '../src/index.js';
import { type Collector, realTracker, startCollector } from './helpers/collector.js';
import { createTestFeed, stepOf } from './helpers/test-feed.js';

browserDescribe('the live view in a browser', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let collector: Collector;
  let store: RunningStore;
  let source: ReturnType<typeof createTestFeed>;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    complaints = [];
    source = createTestFeed();
    collector = await startCollector(realTracker());
    store = await startStore({ collectorUrl: collector.url, writeKey: 'demo', port: 0, feed: source.feed });
    context = await browser.newContext();
    page = await context.newPage();
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([store.close(), collector.close()]);
    expect(complaints).toEqual([]);
  });

  async function openLive(query = '') {
    await page.goto(`${store.url}/live${query}`);
    await page.locator('[data-connection]', { hasText: 'Connected' }).waitFor();
  }
  const row = (text: string) => page.locator('[data-rows] tr:not([hidden])', { hasText: text });

  test("an event's row lights up step by step, with the time between", async () => {
    await openLive();
    const at = Date.now();
    const event_id = randomUUID();
    source.emit(
      stepOf({ event_id, at, event: 'clicked_review', item_name: 'The Night Ferry', visitor_id: 'somebody-a1b2c3' }),
    );
    await row('clicked_review').locator('.step-received.lit').waitFor();
    expect(await row('clicked_review').locator('.lit').count()).toBe(1);
    source.emit(
      stepOf({ event_id, at: at + 84, event: 'clicked_review', step: 'in_stream', shard_id: 'shardId-000000000003' }),
    );
    await row('clicked_review').locator('.step-in_stream.lit', { hasText: '+84 ms' }).waitFor();
    source.emit(
      stepOf({
        event_id,
        at: at + 2184,
        event: 'clicked_review',
        step: 'in_object',
        key: 'page=books/event=clicked_review/a.gz',
      }),
    );
    await row('clicked_review').locator('.step-in_object.lit', { hasText: '+2.1 s' }).waitFor();
    expect(await row('clicked_review').textContent()).toMatch(/The Night Ferry[\s\S]*a1b2c3[\s\S]*shard 3[\s\S]*a\.gz/);
    expect(await page.locator('.station [data-total]').allTextContents()).toEqual(['1', '1', '1']);
    expect(await page.locator('[data-rows] tr').count()).toBe(1);
  });

  test('a click on a row, or Enter, shows the whole event and the command that finds it', async () => {
    const event_id = randomUUID();
    source.emit(
      stepOf({ event_id, event: 'liked_item', line: () => JSON.stringify({ event_id, properties: { a: '<i>' } }) }),
    );
    await openLive();
    await row('liked_item').locator('.cell-item').click();
    await page.locator('[data-detail-json]', { hasText: '"a": "<i>"' }).waitFor();
    expect(await page.textContent('[data-detail-query]')).toBe(
      `./millrace query "select * from events where event_id = '${event_id}'"`,
    );
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await row('liked_item').locator('button').focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    source.emit(stepOf({ event_id, event: 'liked_item', step: 'in_stream', shard_id: 'shardId-000000000001' }));
    await page.locator('[data-detail-steps]', { hasText: 'shardId-000000000001' }).waitFor();
  });

  test('a hostile event is text and nothing else, and gets no command to paste', async () => {
    await openLive();
    const hostile = `<img src=x onerror="document.title='owned'">`;
    source.emit(
      stepOf({
        event_id: `'; rm -rf ~ #`,
        event: hostile,
        page: hostile,
        item_name: hostile,
        visitor_id: hostile,
        line: () => `{"x":"${'</code><script>document.title=1</script>'}"`,
      }),
    );
    await row('onerror').waitFor();
    expect(await page.locator('tbody img, tbody script, option img').count()).toBe(0);
    await row('onerror').click();
    await page.locator('[data-detail-json]', { hasText: '</code><script>' }).waitFor();
    expect(await page.textContent('[data-detail-query]')).not.toContain('rm -rf');
    expect(await page.locator('[data-copy]').isVisible()).toBe(false);
    expect(await page.title()).toBe('Live – Millrace');
  });

  test('mine only shows the events of the visitor that the tracker made here', async () => {
    await page.goto(`${store.url}/books/51`);
    await page.click('summary:has-text("Description")');
    await eventually('the event', () => collector.events().length > 0);
    const [own] = collector.events();
    await openLive('?mine');
    source.emit(stepOf({ event: 'liked_item', visitor_id: 'somebody' }));
    source.emit(stepOf({ event: own!.event, event_id: own!.event_id, visitor_id: own!.visitor_id }));
    await row('clicked_item_description').locator('.cell-visitor', { hasText: 'you' }).waitFor();
    expect(await row('liked_item').count()).toBe(0);
    await page.uncheck('[data-filter=mine]');
    await row('liked_item').waitFor();
  });

  test('mine only without a visitor here says what is missing', async () => {
    await openLive('?mine');
    await page.locator('[data-mine-note]', { hasText: 'This browser has no visitor id' }).waitFor();
  });

  test('filters by page and event', async () => {
    await openLive();
    source.emit(stepOf({ page: 'books', event: 'liked_item' }));
    source.emit(stepOf({ page: 'food', event: 'liked_item' }));
    source.emit(stepOf({ page: 'food', event: 'clicked_review' }));
    await row('clicked_review').waitFor();
    await page.selectOption('[data-filter=page]', 'food');
    expect(await page.locator('[data-rows] tr:not([hidden])').count()).toBe(2);
    await page.selectOption('[data-filter=event]', 'liked_item');
    expect(await page.locator('[data-rows] tr:not([hidden])').count()).toBe(1);
  });

  test('a pause holds the table still and loses nothing', async () => {
    await openLive();
    await page.click('[data-pause]');
    source.emit(stepOf({ event: 'liked_item' }));
    await page.locator('[data-pause]', { hasText: '1 waiting' }).waitFor();
    expect(await page.locator('[data-rows] tr').count()).toBe(0);
    await page.click('[data-pause]');
    await row('liked_item').waitFor();
  });

  test("a bounded number of rows: those that no filter shows go first, one's own last, and none comes back half", async () => {
    await openLive();
    const result = await page.evaluate(async (address) => {
      const { createRows } = await import(address);
      const body = document.createElement('tbody');
      const rows = createRows(body, {
        matches: ({ page: name }: { page: string }) => name === 'books',
        isOwn: ({ visitor_id }: { visitor_id?: string }) => visitor_id === 'me',
        onOpen() {},
      });
      const step = { step: 'received', event: 'liked_item', at: 1, page: 'food' };
      rows.take({ ...step, identity: 'own', visitor_id: 'me' });
      rows.take({ ...step, identity: 'shown', page: 'books' });
      for (let count = 0; count < 300; count += 1) rows.take({ ...step, identity: `hidden ${count}` });
      const kept = { own: rows.take({ ...step, identity: 'own', step: 'in_stream' }) !== undefined, shown: rows.shown };
      const back = rows.take({ ...step, identity: 'hidden 0', step: 'in_object' });
      return { ...kept, back, rows: body.rows.length };
    }, `${store.url}/assets/live/rows.js`);
    expect(result).toEqual({ own: true, shown: 1, back: undefined, rows: 200 });
  });

  test('says honestly when it shows a sample', async () => {
    await openLive();
    await page.locator('[data-sampling]', { hasText: 'Showing every event.' }).waitFor();
    const timer = setInterval(() => {
      for (let count = 0; count < 100; count += 1) source.emit(stepOf({ event_id: randomUUID() }));
    }, 20);
    try {
      await page
        .locator('[data-sampling]', {
          hasText: /^Sampling: showing [\d.,]+ of [\d,]+ events a second; all are counted\.$/,
        })
        .waitFor();
      expect(await page.locator('[data-rows] tr').count()).toBeLessThanOrEqual(200);
    } finally {
      clearInterval(timer);
    }
  });

  test('a refused event is in a lane of its own, with code, place, reason and text; the totals say why they differ', async () => {
    await openLive();
    const event_id = randomUUID();
    const raw = '{"item_quantity":"<b>two</b>"}';
    const row = {
      kind: 'refused',
      page: '_quarantine',
      event: '_invalid_event',
      identity: `_quarantine/${event_id}`,
    } as const;
    const why = { code: 'invalid_event', path: '/item_quantity', reason: 'must be a number', raw, line: () => raw };
    source.emit(stepOf({ ...row, ...why, event_id }));
    source.emit(stepOf({ event: 'liked_item' }));
    source.emit({ step: 'received', kind: 'repeated', events: 3, page: '', event: '', at: 1 });
    source.emit(stepOf({ kind: 'direct', step: 'in_stream', event: 'clicked_review' }));
    source.emit(stepOf({ kind: 'direct', step: 'in_stream', event_id: undefined as never }));
    const lane = page.locator('[data-refused-rows] tr');
    await lane.filter({ hasText: 'on its way' }).waitFor();
    expect(await lane.locator('td').allTextContents()).toEqual([
      'invalid_event',
      '/item_quantity',
      'must be a number',
      raw,
      'on its way',
    ]);
    source.emit(stepOf({ ...row, ...why, path: 'x', event_id, step: 'in_stream' }));
    source.emit(stepOf({ ...row, event_id, step: 'in_object', key: 'page=_quarantine/event=_invalid_event/a.gz' }));
    await lane.filter({ hasText: 'in quarantine' }).waitFor();
    expect(await lane.filter({ hasText: '/item_quantity' }).count()).toBe(1);
    expect(await page.locator('[data-rows] tr').count()).toBe(2);
    const parts = await page.locator('[data-parts]').allTextContents();
    expect(parts).toEqual([
      '1 accepted · 3 sent again, stored once · 1 refused',
      '1 refused · 2 put straight in',
      '1 in quarantine',
    ]);
    expect(await page.locator('.station [data-total]').allTextContents()).toEqual(['5', '3', '1']);
    expect(await page.textContent('[data-sampling]')).toBe('Showing every event.');
    await lane.click();
    await page.locator('[data-detail-json]', { hasText: '<b>two</b>' }).waitFor();
    expect(await page.textContent('[data-detail-reason]')).toBe('/item_quantity: must be a number');
    expect(await page.textContent('[data-detail-query]')).toContain(`from quarantine where event_id = '${event_id}'`);
  });

  test('filters by site and leaves bots out; what does not say stays', async () => {
    await openLive();
    source.emit(stepOf({ event: 'liked_item', site: 'shop', is_bot: false }));
    source.emit(stepOf({ event: 'clicked_review', site: 'shop', is_bot: true }));
    source.emit(stepOf({ event: 'reviewed_item', site: 'blog' }));
    source.emit(stepOf({ event: 'purchased_item', kind: 'direct', step: 'in_stream' }));
    await row('purchased_item').waitFor();
    const shown = () => page.locator('[data-rows] tr:not([hidden]) button').allTextContents();
    await page.check('[data-filter=people]');
    expect((await shown()).sort()).toEqual(['liked_item', 'purchased_item', 'reviewed_item']);
    await page.selectOption('[data-filter=site]', 'shop');
    expect(await shown()).toEqual(['liked_item']);
  });

  test('events that were put straight in before others came are no sample', async () => {
    await openLive();
    for (let count = 0; count < 10; count += 1) source.emit(stepOf({ kind: 'direct', step: 'in_stream' }));
    const event_id = randomUUID();
    source.emit(stepOf({ event_id, event: 'reviewed_item' }));
    await row('reviewed_item').waitFor();
    source.emit(stepOf({ event_id, event: 'reviewed_item', step: 'in_stream' }));
    source.emit(stepOf({ event_id, event: 'reviewed_item', step: 'in_stream' }));
    await row('reviewed_item').locator('.step-in_stream.lit').waitFor();
    // The text is written anew each second.
    await page.locator('.station-in_stream.busy').waitFor();
    expect(await page.textContent('[data-sampling]')).toBe('Showing every event.');
  });

  test('comes back by itself when the store was away', async () => {
    await openLive();
    source.emit(stepOf({ event: 'liked_item' }));
    await row('liked_item').waitFor();
    const { port } = store;
    await store.close();
    await page.locator('[data-connection]', { hasText: 'lost' }).waitFor();
    store = await startStore({ collectorUrl: collector.url, writeKey: 'demo', port, feed: source.feed });
    await page.locator('[data-connection]', { hasText: 'Connected' }).waitFor();
    source.emit(stepOf({ event: 'clicked_review' }));
    await row('clicked_review').waitFor();
    complaints = complaints.filter((line) => !/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING)/.test(line));
  });
});
