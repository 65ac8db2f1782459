import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Page } from 'playwright-core';
import { debug } from '../src/plugins/debug.js';
import type { Moments, PluginContext } from '../src/tracker/plugin.js';
import type { DropReason } from '../src/tracker/queue/drop-reason.js';
import { openShop } from './browser/shop.js';

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('the plugin vitals', ({ launch }) => {
  const shop = openShop({ launch });

  const steps: Record<string, () => unknown> = {
    /** An element that pushes the page down, once the browser has noted the shift. */
    shift: () =>
      new Promise<void>((resolve) => {
        const seen = new PerformanceObserver(() => {
          seen.disconnect();
          resolve();
        });
        seen.observe({ type: 'layout-shift' });
        const added = document.createElement('div');
        added.style.height = '200px';
        requestAnimationFrame(() => document.body.prepend(added));
      }),
    hide: () => {
      Object.defineProperty(Document.prototype, 'visibilityState', { get: () => 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    },
    /** As from the back/forward cache, which not every Chromium without a display has. */
    return: () => {
      window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
      // The library looks two frames later.
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
    },
    show: () => {
      Object.defineProperty(Document.prototype, 'visibilityState', { get: () => 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    },
  };
  async function take(page: Page, words: string): Promise<void> {
    for (const word of words.split(' ')) await page.evaluate(steps[word]!);
  }
  async function shown(): Promise<Page> {
    const page = await shop.visit({ attributes: 'data-auto="off" data-plugins="vitals"', body: '<h1>Shop</h1>' });
    await eventually('the first vital', () => metrics('fcp').length > 0);
    return page;
  }
  const metrics = (name: string) => shop.collector.kept().filter(({ properties }) => properties?.metric === name);

  test.each(['hide show shift hide', 'shift hide show shift hide show hide', 'hide show hide show shift shift hide'])(
    '%s: a view has one cls, as it was when the page was first hidden',
    async (words) => {
      const page = await shown();
      await take(page, words);
      await page.evaluate(() => window.millrace!.track('ended'));
      await page.evaluate(() => window.millrace!.flush());
      await eventually('the end', () => shop.collector.kept().some(({ event }) => event === 'ended'));
      expect(metrics('cls')).toHaveLength(1);
      const value = Number(metrics('cls')[0]!.properties!.value);
      expect(value > 0).toBe(words.startsWith('shift'));
    },
  );

  test('a return from the back/forward cache has its own cls, once', async () => {
    const page = await shown();
    await take(page, 'hide return show');
    await take(page, 'shift hide show shift hide');
    await page.evaluate(() => window.millrace!.track('ended'));
    await page.evaluate(() => window.millrace!.flush());
    await eventually('the end', () => shop.collector.kept().some(({ event }) => event === 'ended'));
    const found = metrics('cls').map(({ properties }) => properties!);
    expect(found).toHaveLength(2);
    expect(new Set(found.map(({ metric_id }) => metric_id)).size).toBe(2);
    expect(found.at(-1)!.navigation_type).toBe('back-forward-cache');
  });
});

describe('the plugin debug', () => {
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const everyReason: Record<DropReason, true> = {
    full: true,
    old: true,
    refused: true,
    too_large: true,
    field: true,
    invalid: true,
    early: true,
  };
  const said: string[] = [];
  jest.spyOn(console, 'info').mockImplementation((text) => void said.push(String(text)));
  afterEach(() => void said.splice(0));

  /** Tells the plugin of a moment, as the tracker does. */
  function open() {
    const listeners: Partial<Record<keyof Moments, (about: never) => unknown>> = {};
    const context: PluginContext = {
      track: () => {},
      on: (moment, listener) => {
        listeners[moment] = listener;
      },
    };
    debug(context);
    return <Moment extends keyof Moments>(moment: Moment, about: Moments[Moment]) =>
      listeners[moment]?.(about as never);
  }

  test('it explains each reason for a drop, and the README has a table of them', () => {
    const tell = open();
    for (const reason of Object.keys(everyReason) as DropReason[]) {
      tell('dropped', { reason, number: 3 });
      expect(said.at(-1)).toMatch(new RegExp(`^millrace: dropped \\(${reason}\\): 3 in number: \\w.{15,}$`));
    }
    tell('dropped', { reason: 'field', what: 'item_price' });
    expect(said.at(-1)).toContain('item_price');
    const [, table = ''] = /\| reason \| what was dropped \|\n *\| --- \| --- \|\n((?: *\|.*\|\n)+)/.exec(readme) ?? [];
    const documented = table
      .trim()
      .split('\n')
      .map((row) => /`(\w+)`/.exec(row)?.[1]);
    expect(documented.sort()).toEqual(Object.keys(everyReason).sort());
  });

  test('it explains each moment', () => {
    const tell = open();
    const batch = { id: 's.0.0', stream: 's', first: 0, last: 0, lines: ['{}'] } as unknown as Moments['done'];
    const answered = { batch, at: 0, text: '{}' };
    const moments: { [Moment in keyof Moments]?: Moments[Moment][] } = {
      sending: [{ batch, sent_at: 0 }],
      answered: [
        { ...answered, status: 0, isOurs: false, isFinal: false },
        { ...answered, status: 200, isOurs: false, isFinal: false },
        { ...answered, status: 200, isOurs: true, isFinal: true },
        { ...answered, status: 413, isOurs: true, isFinal: true },
        { ...answered, status: 503, isOurs: true, isFinal: false },
        { ...answered, status: 401, isOurs: true, isFinal: false, text: '{"error":{"code":"wrong_key"}}' },
        { ...answered, status: 401, isOurs: true, isFinal: true },
      ],
      done: [batch],
      consent: ['granted', 'denied'],
      hidden: [undefined],
      left: [undefined],
      returned: [undefined],
    };
    for (const [moment, abouts] of Object.entries(moments))
      for (const about of abouts) tell(moment as keyof Moments, about as never);
    const lines = Object.values(moments).flat().length;
    // Each in words of its own.
    expect(new Set(said).size).toBe(lines + 1);
    expect(said.join()).not.toContain('undefined');
  });
});

browserDescribe('the plugin debug in a page', ({ launch }) => {
  const shop = openShop({ launch });

  test.each([
    ['consent is pending', 'data-consent="pending"'],
    ['consent is denied', 'data-consent="denied"'],
    ['the visitor is not in the sample', 'data-sample="0"'],
  ])('%s: it says why an event is not stored', async (_, attributes) => {
    const page = await shop.visit({ attributes: `data-auto="off" data-plugins="debug" ${attributes}` });
    await eventually('debug', () => shop.console.includes('millrace: debug mode'));
    await page.evaluate(() => {
      window.millrace!.track('liked_item');
      window.millrace!.track('clicked_review');
    });
    await eventually('two lines', () => shop.console.length === 3);
    expect(shop.console.slice(1).map((line) => line.split(':')[1])).toEqual([
      ' liked_item on home_page is not stored',
      ' clicked_review on home_page is not stored',
    ]);
  });

  test('Global Privacy Control: it says that nothing is tracked', async () => {
    await shop.visit({
      before: `Object.defineProperty(navigator, 'globalPrivacyControl', { value: true });`,
      head: `<script defer src="${shop.collector.origin}/millrace-debug.js"></script>`,
    });
    await eventually('the line', () => shop.console.some((line) => line.includes('Global Privacy Control')));
    expect(shop.console).toHaveLength(1);
  });
});
