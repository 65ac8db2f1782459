import './browser/fake-dom.js';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type * as Module from '../src/tracker/index.js';
import type { Moments, PluginContext } from '../src/tracker/plugin.js';
import { startFakeBrowser } from './browser/fake-browser.js';

/** The package's folder, seen from the compiled tests in dist/test. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const tracker: typeof Module = await import(new URL('../millrace.esm.js', import.meta.url).href);

// The compiler demands every name of the types here; the tests look for each at run time.
const exported: Record<keyof typeof Module, true> = {
  allModules: true,
  campaign: true,
  clean: true,
  clicks: true,
  clock: true,
  compress: true,
  confirmBeforeResend: true,
  consent: true,
  cookie: true,
  createTracker: true,
  identify: true,
  lease: true,
  lineOf: true,
  mask: true,
  naming: true,
  pageExit: true,
  pages: true,
  plainText: true,
  platform: true,
  reports: true,
  sample: true,
  version: true,
  views: true,
  warnings: true,
};
const contextMembers: Record<keyof PluginContext, true> = { track: true, on: true };
const batch = { id: true, stream: true, first: true, last: true, lines: true } as const;
type Members<T> = T extends string | number | boolean | undefined | readonly unknown[]
  ? true
  : { [Name in keyof T]-?: Name extends 'properties' | 'value' ? true : Members<NonNullable<T[Name]>> };
const moments: { [Moment in keyof Moments]: Members<Moments[Moment]> } = {
  event: {
    event: true,
    page: true,
    os: true,
    device: true,
    url: true,
    referrer: true,
    title: true,
    item_id: true,
    item_name: true,
    item_quantity: true,
    item_price: true,
    currency: true,
    order_id: true,
    properties: true,
    sdk: true,
  },
  stored: { stream: true, seq: true, at: true, text: true },
  dropped: { reason: true, what: true, value: true, number: true },
  sending: { batch, sent_at: true },
  answered: { batch, status: true, text: true, at: true, isOurs: true, isFinal: true },
  done: batch,
  hidden: true,
  left: true,
  returned: true,
  stopped: true,
  consent: true,
};

/** The members of a value that are there, as in `moments`. */
const membersOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inner]) => inner !== undefined)
          .map(([name, inner]) => [name, name === 'properties' || name === 'value' ? true : membersOf(inner)]),
      )
    : true;

describe('what the types name works in the published module', () => {
  test('the module exports what its types export', () => {
    expect(Object.keys(tracker).sort()).toEqual(Object.keys(exported).sort());
  });

  test('every member of a plugin context and of every moment is there at run time', async () => {
    const browser = startFakeBrowser();
    try {
      browser.set({ CompressionStream: undefined });
      const seen: Record<string, object | true> = {};
      let names: string[] = [];
      const page = browser.open('https://shop.example/books');
      const millrace = tracker.createTracker({ key: 'demo', endpoint: '/v1/events' }, tracker.allModules());
      millrace.use((context) => {
        names = Object.keys(contextMembers).filter(
          (name) => typeof context[name as keyof PluginContext] === 'function',
        );
        for (const moment of Object.keys(moments) as (keyof Moments)[])
          context.on(moment, (about) => {
            const members = membersOf(about) as object | true;
            const before = seen[moment];
            seen[moment] = members === true || before === true ? true : { ...before, ...members };
          });
      });
      millrace.track('liked_item', {
        item_id: 1,
        item_name: 'a',
        item_quantity: 1,
        item_price: 1,
        currency: 'EUR',
        order_id: 'o1',
        properties: { a: 1 },
        ...{ url: 'https://shop.example/a', referrer: 'https://shop.example/', title: 'Shop' },
      });
      // A field that does not fit, and then an event that the server refuses.
      millrace.track('liked_item', { item_price: -1 });
      browser.reply = () => 400;
      await browser.clock.advance(10_000);
      page.hide();
      page.leave();
      page.comeBack();
      millrace.consent('denied');
      millrace.stop();
      expect(names).toEqual(Object.keys(contextMembers));
      // The batch of a queue has members of its own besides.
      expect(seen).toMatchObject(moments);
    } finally {
      browser.close();
    }
  });
});

describe('the published types', () => {
  /** The declarations that a consumer of `@millrace/sdk` loads. */
  const surface = new Map<string, string>();
  const follow = (file: string) => {
    if (surface.has(file)) return;
    const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    surface.set(file, text);
    for (const [, from] of text.matchAll(/\bfrom '(\.[^']+)\.js'/g)) follow(join(dirname(file), `${from}.d.ts`));
  };
  follow(join(root, 'dist/src/tracker/index.d.ts'));
  const found = (pattern: RegExp) =>
    [...surface].flatMap(([file, text]) =>
      (text.match(pattern) ?? []).map((match) => `${relative(root, file)}: ${match}`),
    );

  test('have no private name, and import no package', () => {
    expect(surface.size).toBeGreaterThan(20);
    expect(found(/\b_\w+/g)).toEqual([]);
    expect(found(/(\bfrom|\bimport\() ?['"][^.'"][^'"]*['"]/g)).toEqual([]);
  });
});
