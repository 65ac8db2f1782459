import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type * as ReactModule from 'react';
import type { createRoot, Root } from 'react-dom/client';
import type * as Entry from '../src/react/index.js';
import type * as TrackerModule from '../src/tracker/index.js';
import { type Site, startSite } from './browser/site.js';
import { packageFolder } from './package/project.js';

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

interface Example {
  html: string;
  bundle(collector: string): Promise<string>;
}
const example: Example = await import(pathToFileURL(join(packageFolder, 'examples/react/bundle.mjs')).href);
const esbuild: typeof import('esbuild') = createRequire(import.meta.url)('esbuild');

/** What the script of the test's own pages puts at `window`. */
declare const page: typeof Entry & {
  React: typeof ReactModule;
  createRoot: typeof createRoot;
  createTracker: typeof TrackerModule.createTracker;
  allModules: typeof TrackerModule.allModules;
  show(element: ReactModule.ReactNode, root?: Root): void;
  options: TrackerModule.TrackerOptions;
};
const parts = `import * as React from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { allModules, createTracker } from '@millrace/sdk';
import * as entry from '@millrace/sdk/react';
const root = createRoot(document.getElementById('root'));
// Whole, with its effects, before it returns.
const show = (element, into = root) => flushSync(() => into.render(element));
window.page = { ...entry, React, createRoot, allModules, createTracker, show };`;

browserDescribe('the React entry', ({ launch }) => {
  let browser: Browser;
  let scripts: { parts: string; example: string };
  let collector: Collector;
  let context: BrowserContext;
  let site: Site;

  beforeAll(async () => {
    browser = await launch();
    const { outputFiles } = await esbuild.build({
      stdin: { contents: parts, resolveDir: packageFolder },
      bundle: true,
      write: false,
      define: { 'process.env.NODE_ENV': '"development"' },
    });
    scripts = { parts: outputFiles[0]!.text, example: await example.bundle('COLLECTOR') };
  });
  beforeEach(async () => {
    collector = await startCollector();
    const inline = (script: string) =>
      example.html.replace(' src="/shop.js">', () => `>${script.replace('COLLECTOR', collector.origin)}`);
    site = await startSite({ '/': inline(scripts.example), '/parts': inline(scripts.parts) });
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([collector.close(), site.close()]);
    expect(collector.refused).toEqual([]);
  });

  const kept = () => collector.kept().sort((a, b) => a.seq - b.seq);
  const views = () =>
    kept()
      .filter(({ event }) => event === 'page_view')
      .map(({ url, title }) => `${new URL(url!).pathname} ${title}`);
  const acts = () =>
    kept()
      .filter(({ event }) => event !== 'page_view')
      .map(({ event, item_id }) => `${event} ${item_id ?? ''}`.trim());
  /** These have arrived, from one tracker, and nothing else. */
  async function expectOnly(wanted: { views: string[]; acts: string[] }): Promise<void> {
    const number = wanted.views.length + wanted.acts.length;
    await eventually(`${number} events`, () => kept().length >= number);
    expect({ views: views(), acts: acts() }).toEqual(wanted);
    expect(kept().map(({ stream_id, seq }) => [stream_id, seq])).toEqual(
      kept().map((_, n) => [kept()[0]!.stream_id, n]),
    );
  }
  async function open(path: string): Promise<Page> {
    const opened = await context.newPage();
    await opened.goto(site.origin + path);
    return opened;
  }

  test('the example in StrictMode: each route is one view, each click one event', async () => {
    const shop = await open('/');
    await shop.getByRole('link', { name: 'Moby Dick' }).click();
    await shop.getByRole('button', { name: 'Reviews' }).click();
    await shop.getByRole('button', { name: 'Like' }).click();
    await shop.getByRole('button', { name: 'Liked' }).waitFor();
    await shop.goBack();
    await shop.getByRole('heading', { name: 'Shop' }).waitFor();
    await shop.getByRole('link', { name: 'Moby Dick' }).click();
    await shop.getByRole('button', { name: 'Like' }).click();
    await shop.getByRole('button', { name: 'Liked' }).waitFor();
    await expectOnly({
      views: ['/ Shop', '/books/51 Moby Dick', '/ Shop', '/books/51 Moby Dick'],
      acts: ['clicked_review 51', 'liked_item 51', 'liked_item 51'],
    });
  });

  /** Opens the page of parts, with the provider's options at `page.options`. */
  async function openParts(): Promise<Page> {
    const opened = await open('/parts');
    await opened.evaluate((endpoint) => {
      page.options = { key: 'demo', endpoint };
    }, `${collector.origin}/v1/events`);
    return opened;
  }

  test('what children track in their first effect comes from the same tracker, which starts once', async () => {
    const opened = await openParts();
    await opened.evaluate(() => {
      const { React, MillraceProvider, useTrack, show, options } = page;
      const Child = ({ name }: { name: string }) => {
        const track = useTrack();
        React.useEffect(() => track(name), [track, name]);
        return null;
      };
      for (const name of ['first', 'second'])
        show(React.createElement(MillraceProvider, { options: { ...options } }, React.createElement(Child, { name })));
    });
    await expectOnly({ views: ['/parts Loading'], acts: ['first', 'second'] });
  });

  test('mounted again, twice at once, and under another root: one tracker for a key', async () => {
    const opened = await openParts();
    await opened.evaluate(() => {
      const { React, MillraceProvider, useTracker, createRoot, show, options } = page;
      const Child = ({ name }: { name: string }) => {
        const tracker = useTracker();
        React.useEffect(() => tracker.track(name), [tracker, name]);
        return null;
      };
      const provider = (name: string) =>
        React.createElement(MillraceProvider, { options, key: name }, React.createElement(Child, { name }));
      const mount = (...names: string[]) => {
        const root = createRoot(document.createElement('div'));
        show(React.createElement(React.StrictMode, null, names.map(provider)), root);
        return root;
      };
      mount('a').unmount();
      mount('b', 'c');
      mount('d');
    });
    // In development StrictMode runs each effect twice, so each of them tracks twice.
    await expectOnly({ views: ['/parts Loading'], acts: [...'aa', ...'bcbc', ...'dd'] });
  });

  test('a tree that is rendered and never shown starts nothing', async () => {
    const opened = await openParts();
    const stored = await opened.evaluate(() => {
      const { React, MillraceProvider, useTracker, show, options } = page;
      const Fails = () => {
        useTracker();
        throw new Error('not shown');
      };
      addEventListener('error', (event) => event.preventDefault());
      show(React.createElement(MillraceProvider, { options }, React.createElement(Fails)));
      return Object.keys(localStorage);
    });
    expect(stored).toEqual([]);
    expect(collector.hits).toEqual([]);
  });

  test('a given tracker is passed on; modules replace all modules; settings are those of all modules', async () => {
    const opened = await openParts();
    const found = await opened.evaluate(() => {
      const { React, MillraceProvider, useTrack, useTracker, options, createTracker, allModules } = page;
      const seen: unknown[] = [];
      const given = createTracker({ ...options, key: 'given' }, allModules({ consent: 'denied' }));
      const Child = () => {
        const tracker = useTracker();
        const track = useTrack();
        seen.push(tracker === given, tracker.track === track);
        React.useEffect(() => track('tracked'), [track]);
        return null;
      };
      const show = (props: object) =>
        page.show(React.createElement(MillraceProvider, props as never, React.createElement(Child)));
      show({ tracker: given });
      show({ options: { ...options, key: 'pending' }, settings: { consent: 'pending' } });
      show({ options: { ...options, key: 'small' }, modules: [] });
      return { seen, stored: Object.keys(localStorage) };
    });
    expect(found.seen).toEqual([true, true, false, true, false, true]);
    // Neither the denied tracker nor the pending one stores anything.
    expect(found.stored.filter((name) => /pending|given/.test(name))).toEqual([]);
    await expectOnly({ views: [], acts: ['tracked'] });
  });

  test.each([
    ['no provider', 'none'],
    ['a provider with neither options nor a tracker', 'empty'],
    ['a provider whose settings cannot be used', 'broken'],
  ] as const)('%s: nothing throws', async (_, kind) => {
    const opened = await openParts();
    const [lines, errors]: [string[], unknown[]] = [[], []];
    opened.on('console', (message) => lines.push(message.text()));
    opened.on('pageerror', (error) => errors.push(error));
    const shown = await opened.evaluate((kind) => {
      const { React, MillraceProvider, useTrack, useTracker, show, options } = page;
      const Child = () => {
        const [track, tracker] = [useTrack(), useTracker()];
        React.useEffect(() => {
          track('tracked');
          tracker.page();
        }, [track, tracker]);
        return 'shown';
      };
      const children = [React.createElement(Child, { key: 1 }), React.createElement(Child, { key: 2 })];
      const props = { empty: {}, broken: { options, settings: { mask: 7 } } };
      if (kind === 'none') show(children);
      else show(React.createElement(MillraceProvider, props[kind] as never, children));
      return document.getElementById('root')!.textContent;
    }, kind);
    expect([shown, errors]).toEqual(['shownshown', []]);
    const told = 'millrace: useTracker and useTrack track nothing here: put <MillraceProvider options={…}> around';
    expect(lines.filter((line) => line.startsWith(told))).toHaveLength(kind === 'broken' ? 0 : 1);
  });
});
