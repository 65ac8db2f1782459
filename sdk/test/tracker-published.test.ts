import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
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
  platform: true,
  reports: true,
  sample: true,
  version: true,
  views: true,
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
  answered: { batch, status: true, text: true, at: true, isOurs: true },
  done: batch,
  hidden: true,
  left: true,
  returned: true,
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
      expect(names).toEqual(Object.keys(contextMembers));
      // The batch of a queue has members of its own besides.
      expect(seen).toMatchObject(moments);
    } finally {
      browser.close();
    }
  });
});

test('the package has no run-time dependency, and zod is an optional peer', () => {
  const { dependencies, peerDependenciesMeta } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(dependencies ?? {}).toEqual({});
  expect(peerDependenciesMeta).toEqual({ zod: { optional: true } });
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

  test('compile in a site that has neither zod nor skipLibCheck, and a private member of the tracker does not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-types-'));
    try {
      const installed = join(folder, 'node_modules/@millrace/sdk');
      const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
      for (const file of ['package.json', ...files])
        cpSync(join(root, file), join(installed, file), { recursive: true });
      const compilerOptions = { strict: true, skipLibCheck: false, noEmit: true, module: 'nodenext', types: [] };
      const lib = ['ES2020', 'DOM', 'DOM.Iterable'];
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: { ...compilerOptions, lib }, files: ['site.ts'] }),
      );
      writeFileSync(
        join(folder, 'site.ts'),
        `import { allModules, compress, createTracker, type Plugin, pageExit, type TrackerModule } from '@millrace/sdk';
const plugin: Plugin = ({ on }) => on('event', (event) => { event.properties = { length: event.event.length }; });
const tracker = createTracker({ key: 'demo', endpoint: '/v1/events' }, allModules());
tracker.use(plugin);
tracker.use(pageExit);
tracker.identify('u1');
const some = createTracker({ key: 'demo', endpoint: '/v1/events' }, [compress, plugin]);
some.identify?.('u1');
// @ts-expect-error private
const module: TrackerModule = (context) => context._queue;
// @ts-expect-error private
tracker.use((context) => context._queue);
`,
      );
      const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
      execFileSync(process.execPath, [join(dirname(compiler), 'lib/tsc.js'), '-p', folder], { encoding: 'utf8' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
