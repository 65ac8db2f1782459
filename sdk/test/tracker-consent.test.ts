import './browser/fake-dom.js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { heldCalls } from '../src/tracker/bounds.js';
import type { TrackerContext } from '../src/tracker/core/context.js';
import { allModules, createTracker, type Tracker } from '../src/tracker/index.js';
import type { AllModulesSettings } from '../src/tracker/types.js';
import { type FakeBrowser, startFakeBrowser } from './browser/fake-browser.js';

const start = 1_795_406_270_273;
const minute = 60_000;

let browser: FakeBrowser;
let databases: IDBFactory;
let opened: number;
let random: () => number;
beforeEach(() => {
  // IndexedDB takes several turns of the event loop a transaction.
  browser = startFakeBrowser({ now: start, turns: 60 });
  random = Math.random;
  // A half, for pauses; and the last digits of ids differ.
  let drawn = 0;
  Math.random = () => 0.5 + ++drawn * 2 ** -44;
  databases = new IDBFactory();
  opened = 0;
  browser.set({
    IDBKeyRange,
    indexedDB: {
      open(name: string, version: number) {
        opened++;
        return databases.open(name, version);
      },
    },
    // Zipping takes real time, which this clock does not know of.
    CompressionStream: undefined,
  });
});
afterEach(() => {
  Math.random = random;
  browser.close();
});

function openPage(consent: AllModulesSettings['consent']) {
  const page = browser.open();
  const tracker: Tracker = createTracker({ key: 'demo', endpoint: '/v1/events' }, allModules({ consent }));
  return { ...page, tracker };
}
const stored = () => Object.keys(browser.disk.storage);
const events = () => browser.sent.flatMap(({ lines }) => lines.map((line) => JSON.parse(line)));
async function inDatabase(): Promise<string[]> {
  const request = databases.open('millrace.demo');
  return new Promise((resolve) => {
    request.onupgradeneeded = () => request.transaction!.abort();
    request.onerror = () => resolve([]);
    request.onsuccess = () => {
      const keys = request.result.transaction('e').objectStore('e').getAllKeys();
      keys.onsuccess = () => {
        request.result.close();
        resolve(keys.result as string[]);
      };
    };
  });
}

describe('consent', () => {
  test('pending: nothing is stored outside memory and nothing is sent, whatever is called and whatever the page does', async () => {
    const { tracker, hide, show, leave, comeBack } = openPage('pending');
    tracker.track('liked_item');
    tracker.track('liked_item', { item_id: {} as string });
    tracker.track('', {});
    tracker.page({ page: 'food' });
    tracker.identify('u1');
    tracker.reset();
    tracker.use(() => ({}));
    await tracker.flush();
    hide();
    show();
    leave();
    comeBack();
    await browser.clock.advance(10 * minute);
    expect(stored()).toEqual([]);
    expect(opened).toBe(0);
    expect(browser.sent).toEqual([]);
  });

  test('granted: what was tracked while it was pending is sent, in order and as of when it was', async () => {
    const { tracker } = openPage('pending');
    tracker.track('liked_item', { item_id: 'a' });
    await browser.clock.advance(minute);
    tracker.identify('u1');
    tracker.track('liked_item', { item_id: 'b' });
    await browser.clock.advance(minute);
    tracker.consent('granted');
    tracker.track('liked_item', { item_id: 'c' });
    await browser.clock.advance(minute);
    expect(events().map(({ event, item_id }) => item_id ?? event)).toEqual(['page_view', 'a', 'b', 'c']);
    expect(events().map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
    expect(events().map(({ event_time }) => Date.parse(event_time) - start)).toEqual([0, 0, minute, 2 * minute]);
    expect(events().map(({ user_id }) => user_id)).toEqual([undefined, undefined, 'u1', 'u1']);
  });

  test('granted: what was held is handed over by a page that is left right after it', async () => {
    const { tracker, leave } = openPage('pending');
    tracker.track('liked_item');
    tracker.consent('granted');
    leave();
    expect(events().map(({ event }) => event)).toEqual(['page_view', 'liked_item']);
  });

  test('the calls that are held are bounded, and the visit’s beginning is kept', async () => {
    const { tracker } = openPage('pending');
    for (let n = 0; n < heldCalls + 500; n++) tracker.track('liked_item', { item_id: n });
    tracker.consent('granted');
    // A thousand at once take the IndexedDB of these tests many turns of the event loop.
    for (let n = 0; n < 60 && events().length < heldCalls - 10; n++) await browser.clock.advance(minute);
    expect(events().length).toBeLessThanOrEqual(heldCalls);
    expect(events().length).toBeGreaterThan(heldCalls - 10);
    expect(events()[1].item_id).toBe('0');
    // They had no number yet, so they are no gap.
    expect(events().map(({ seq }) => seq)).toEqual(events().map((_, index) => index));
  });

  test('denied while pending: what was held is gone, nothing is stored or sent, now and later', async () => {
    const { tracker, leave } = openPage('pending');
    tracker.track('liked_item');
    tracker.consent('denied');
    tracker.track('liked_item');
    tracker.identify('u1');
    leave();
    await browser.clock.advance(10 * minute);
    expect(stored()).toEqual([]);
    expect(await inDatabase()).toEqual([]);
    expect(browser.sent).toEqual([]);
  });

  test('denied after it was granted: what is stored is wiped, in localStorage and IndexedDB', async () => {
    browser.reply = () => 503;
    const { tracker } = openPage('granted');
    tracker.identify('u1');
    tracker.track('liked_item');
    await browser.clock.advance(minute);
    tracker.track('liked_item');
    expect(stored().length).toBeGreaterThan(3);
    expect((await inDatabase()).length).toBeGreaterThan(1);
    tracker.consent('denied');
    expect(stored()).toEqual([]);
    const count = browser.sent.length;
    tracker.track('liked_item');
    await browser.clock.advance(10 * minute);
    expect(await inDatabase()).toEqual([]);
    expect(stored()).toEqual([]);
    expect(browser.sent).toHaveLength(count);
  });

  test('denied while a request is under way: its answer stores nothing', async () => {
    browser.reply = () => ({ status: 200, afterMs: 500, body: JSON.stringify({ time: start + 60 * minute }) });
    const { tracker } = openPage('granted');
    tracker.track('liked_item');
    await browser.clock.advance(400);
    expect(browser.sent).toHaveLength(1);
    tracker.consent('denied');
    await browser.clock.advance(minute);
    expect(stored()).toEqual([]);
  });

  test('denied while a batch is on its way out of the queue: it is not sent', async () => {
    const { tracker } = openPage('granted');
    tracker.use((context: TrackerContext) => {
      const { _queue: queue } = context;
      const { _next: next } = queue;
      queue._next = async () => {
        const batch = await next();
        await new Promise((resolve) => setTimeout(resolve, 500, undefined));
        return batch;
      };
    });
    tracker.track('liked_item');
    await browser.clock.advance(400);
    tracker.consent('denied');
    await browser.clock.advance(minute);
    expect(browser.sent).toEqual([]);
    expect(stored()).toEqual([]);
    tracker.consent('granted');
    tracker.track('liked_item', { item_id: 'a' });
    await browser.clock.advance(minute);
    expect(events().map(({ item_id }) => item_id)).toEqual(['a']);
  });

  test('what was wiped does not count as lost: the next stream, of another visitor, tells of none', async () => {
    browser.reply = () => 503;
    const { tracker } = openPage('granted');
    tracker.track('liked_item');
    await browser.clock.advance(minute);
    const [before] = events();
    tracker.consent('denied');
    browser.reply = () => 200;
    browser.sent.length = 0;
    tracker.track('liked_item');
    tracker.consent('granted');
    tracker.track('liked_item', { item_id: 'a' });
    await browser.clock.advance(minute);
    expect(events()).toHaveLength(1);
    expect(events()[0]).toMatchObject({ item_id: 'a', seq: 0 });
    expect(events()[0]).not.toHaveProperty('after_stream_id');
    expect(events()[0].stream_id).not.toBe(before.stream_id);
    expect(events()[0].visitor_id).not.toBe(before.visitor_id);
  });

  test('denied from the beginning: nothing, until it is granted', async () => {
    const { tracker } = openPage('denied');
    tracker.track('liked_item', { item_id: 'a' });
    await browser.clock.advance(minute);
    expect([stored(), opened, browser.sent]).toEqual([[], 0, []]);
    tracker.consent('granted');
    tracker.track('liked_item', { item_id: 'b' });
    await browser.clock.advance(minute);
    expect(events().map(({ item_id }) => item_id)).toEqual(['b']);
  });

  test('any other word changes nothing', async () => {
    const { tracker } = openPage('pending');
    for (const word of ['yes', true, undefined, null, {}]) tracker.consent(word as 'granted');
    await browser.clock.advance(minute);
    expect(stored()).toEqual([]);
    tracker.consent('granted');
    await browser.clock.advance(minute);
    expect(events()).toHaveLength(1);
  });

  test('a plugin hears of it', () => {
    const heard: string[] = [];
    const { tracker } = openPage('pending');
    tracker.use(({ on }: { on(moment: 'consent', work: (state: string) => void): void }) => {
      on('consent', (state) => heard.push(state));
    });
    tracker.consent('granted');
    tracker.consent('denied');
    expect(heard).toEqual(['granted', 'denied']);
  });
});

describe('Global Privacy Control', () => {
  const withSignal = () => browser.set({ navigator: { ...(navigator as object), globalPrivacyControl: true } });

  test('nothing is tracked, stored or sent, and every call may be made all the same', async () => {
    withSignal();
    const { tracker } = openPage('granted');
    tracker.track('liked_item');
    tracker.page();
    tracker.identify('u1');
    tracker.consent('granted');
    tracker.reset();
    tracker.use(() => ({}));
    await tracker.flush();
    await browser.clock.advance(minute);
    expect([stored(), opened, browser.sent]).toEqual([[], 0, []]);
  });

  test('a site for which it does not count says so', async () => {
    withSignal();
    browser.open();
    createTracker({ key: 'demo', endpoint: '/v1/events', gpc: 'ignore' }, allModules()).track('liked_item');
    await browser.clock.advance(minute);
    expect(events().map(({ event }) => event)).toEqual(['page_view', 'liked_item']);
  });
});
