import { expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import { openShop } from './browser/shop.js';

declare const millrace: Tracker;
declare const open: { listeners: number; timers: Set<number> };

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('stop()', ({ launch }) => {
  const shop = openShop({ launch });
  /** Counts the listeners and timers that are there. */
  const counting = `
    window.open = { listeners: 0, timers: new Set() };
    for (const [method, by] of [['addEventListener', 1], ['removeEventListener', -1]]) {
      const original = EventTarget.prototype[method];
      EventTarget.prototype[method] = function (...given) {
        if (this === window || this === document || this === window.navigation) open.listeners += by;
        return original.apply(this, given);
      };
    }
    const { setTimeout: set, clearTimeout: clear } = window;
    window.setTimeout = (work, ms) => {
      const id = set(() => { open.timers.delete(id); work(); }, ms);
      open.timers.add(id);
      return id;
    };
    window.clearTimeout = (id) => { open.timers.delete(id); clear(id); };`;

  for (const [name, before] of [
    ['', ''],
    [' without the Navigation API', 'Object.defineProperty(window, "navigation", { value: undefined });'],
  ] as const) {
    test(`takes back every listener and timer, and what it did to the history${name}`, async () => {
      const page = await shop.visit({
        before: `${before}${counting} window.own = [history.pushState, history.replaceState];`,
        attributes: '',
      });
      expect(await page.evaluate(() => open.listeners)).toBeGreaterThan(5);
      await page.evaluate(() => {
        millrace.track('liked_item');
        millrace.stop();
      });
      // What is under way ends by itself.
      await eventually('no timer', () => page.evaluate(() => open.timers.size === 0));
      expect(await page.evaluate(() => open.listeners)).toBe(0);
      expect(
        await page.evaluate(() => {
          const { own } = window as unknown as { own: unknown[] };
          return [history.pushState, history.replaceState].map((method, index) => method === own[index]);
        }),
      ).toEqual([true, true]);
    });
  }

  test('nothing is tracked after it, and nothing that was is lost: the next tracker of the key sends it', async () => {
    shop.collector.reply = () => ({ status: 503 });
    const page = await shop.visit({ attributes: '', body: '<button data-track="clicked_review">Review</button>' });
    await page.evaluate(() => {
      millrace.track('liked_item');
      millrace.stop();
      millrace.track('clicked_review');
      millrace.page();
      history.pushState({}, '', '/books');
    });
    await page.click('button');
    shop.collector.reply = () => ({ status: 200 });
    await page.evaluate(async (code) => {
      const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      const { createTracker } = await import(url);
      const { src } = document.querySelector<HTMLScriptElement>('script[data-key]')!;
      const tracker = createTracker({ key: 'demo', endpoint: new URL('/v1/events', src).href });
      tracker.track('last_one');
      await tracker.flush();
    }, built('millrace.esm.js'));
    await eventually('three events', () => shop.collector.kept().length === 3);
    expect(
      shop.collector
        .kept()
        .map(({ event }) => event)
        .sort(),
    ).toEqual(['last_one', 'liked_item', 'page_view']);
  });
});
