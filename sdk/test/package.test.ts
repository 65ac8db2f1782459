import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { installed, type Packed, pack, packageFolder, run } from './package/project.js';

let packed: Packed;
beforeAll(() => {
  packed = pack();
});
afterAll(() => packed.remove());

/** The modules of the package: each has types and both formats. */
const modules = ['', '/react', '/debug', '/vitals', '/stub', '/schema', '/schema/limits', '/schema/ledger'].map(
  (path) => `@millrace/sdk${path}`,
);
const esm = { 'package.json': '{"type":"module"}' };
const commonJs = { 'package.json': '{}' };

describe('the tarball', () => {
  const manifest = () => JSON.parse(readFileSync(join(packed.contents, 'package.json'), 'utf8'));

  test('has the licence, no run-time dependency, and only optional peers', () => {
    expect(readFileSync(join(packed.contents, 'LICENSE'), 'utf8')).toMatch(/^MIT License/);
    // It is bundled in, and its licence asks for a copy.
    expect(readFileSync(join(packed.contents, 'dist/web-vitals.LICENSE.txt'), 'utf8')).toContain('Apache License');
    const { dependencies, peerDependencies, peerDependenciesMeta } = manifest();
    expect(dependencies ?? {}).toEqual({});
    for (const name of Object.keys(peerDependencies)) expect(peerDependenciesMeta[name]).toEqual({ optional: true });
  });

  test('is clean for publint and are-the-types-wrong', () => {
    const judges = fileURLToPath(new URL('./package/judges-process.js', import.meta.url));
    const { excludeEntrypoints } = JSON.parse(readFileSync(join(packageFolder, '.attw.json'), 'utf8'));
    const args = [judges, packed.tarball, JSON.stringify(excludeEntrypoints)];
    const found = JSON.parse(run(process.execPath, args, packageFolder));
    expect(found).toMatchObject({ publint: [], types: [] });
    const paths = modules.map((name) => name.replace('@millrace/sdk', '.'));
    expect(found.entries.sort()).toEqual([...paths, './package.json'].sort());
    // The judges look at every entry but the files that are no modules.
    expect(Object.keys(manifest().exports).sort()).toEqual([...found.entries, ...excludeEntrypoints].sort());
  });
});

describe('in a project with plain Node', () => {
  test('import and require give the same exports, and nothing else', () => {
    const list = `const names = ${JSON.stringify(modules)};
const exportsOf = (module) => Object.keys(module).sort().join();
`;
    const imported = packed.project(
      {
        ...esm,
        'imports.mjs': `${list}for (const name of names) console.log(name, exportsOf(await import(name)));`,
        'requires.cjs': `${list}for (const name of names) console.log(name, exportsOf(require(name)));`,
      },
      ['zod', 'react'],
    );
    const names = imported.node('imports.mjs');
    expect(imported.node('requires.cjs')).toBe(names);
    expect(names).toMatch(
      /^@millrace\/sdk allModules,.*createTracker.*\n@millrace\/sdk\/react MillraceProvider,useTrack,useTracker\n/,
    );
    expect(names).toContain('@millrace/sdk/stub installStub,stub\n');
  });

  test('on a server the calls do nothing, keep no timer, and do not throw', () => {
    const uses = `const millrace = createTracker({ key: 'demo', endpoint: '/v1/events' }, allModules());
millrace.use(debug);
millrace.use(vitals);
installStub();
millrace.track('liked_item', { item_id: 1 });
millrace.page({ page: 'books' });
millrace.identify('u1');
millrace.consent('granted');
millrace.reset();
millrace.flush().then((value) => console.log(value, typeof globalThis.millrace, typeof stub));
`;
    const names = [
      ['allModules, createTracker', ''],
      ['debug', '/debug'],
      ['vitals', '/vitals'],
      ['installStub, stub', '/stub'],
    ] as const;
    const { node } = packed.project({
      ...commonJs,
      'a.mjs': names.map(([name, path]) => `import { ${name} } from '@millrace/sdk${path}';\n`).join('') + uses,
      'a.js': names.map(([name, path]) => `const { ${name} } = require('@millrace/sdk${path}');\n`).join('') + uses,
    });
    for (const file of ['a.mjs', 'a.js']) expect(node(file)).toBe('undefined undefined string\n');
  });

  test('a server renders what has the React provider in it, and the entry is marked for the client', () => {
    const body = `const Child = () => { useTrack()('seen'); return createElement('b', null, useTracker().version); };
const provider = createElement(MillraceProvider, { options: { key: 'demo', endpoint: '/v1/events' } }, createElement(Child));
console.log(renderToString(provider));
`;
    const { folder, node } = packed.project(
      {
        ...commonJs,
        'a.mjs': `import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { MillraceProvider, useTrack, useTracker } from '@millrace/sdk/react';
${body}`,
        'a.js': `const { createElement } = require('react');
const { renderToString } = require('react-dom/server');
const { MillraceProvider, useTrack, useTracker } = require('@millrace/sdk/react');
${body}`,
      },
      ['react', 'react-dom'],
    );
    for (const file of ['a.mjs', 'a.js']) expect(node(file)).toMatch(/^<b>\d+\.\d+\.\d+<\/b>\n$/);
    for (const file of ['esm/react.js', 'cjs/react.cjs'])
      expect(readFileSync(join(folder, 'node_modules/@millrace/sdk/dist', file), 'utf8')).toMatch(/^'use client';/);
  });

  test('the stub keeps the calls of a page, installed as a module or pasted as a text', () => {
    const body = `globalThis.window = globalThis;
const calls = () => millrace.track('a', { page: 'b' }) ?? millrace.q.map(([name, given]) => name + JSON.stringify(given));
installStub();
const first = calls().join();
installStub();
console.log(first, calls().join());
delete globalThis.millrace;
(0, eval)(stub);
console.log(calls().join());
`;
    const { node } = packed.project({
      ...commonJs,
      'a.mjs': `import { installStub, stub } from '@millrace/sdk/stub';\n${body}`,
      'a.js': `const { installStub, stub } = require('@millrace/sdk/stub');\n${body}`,
    });
    const call = 'track["a",{"page":"b"}]';
    for (const file of ['a.mjs', 'a.js']) expect(node(file)).toBe(`${call} ${call},${call}\n${call}\n`);
  });
});

describe('in a project with Jest', () => {
  const jest = (files: Record<string, string>, ...flags: string[]) =>
    packed
      .project({ 'jest.config.json': '{"transform":{}}', ...files }, ['zod'])
      .node(...flags, join(installed('jest'), 'bin/jest.js'), '--silent', '--watchman=false');
  const body = `test('tracks', async () => {
  const millrace = createTracker({ key: 'demo', endpoint: '/v1/events' }, allModules());
  millrace.use(debug);
  millrace.track('liked_item');
  await expect(millrace.flush()).resolves.toBeUndefined();
  expect(checkEvent({})).toHaveProperty('refusal');
  expect(stub).toContain('millrace');
});`;

  test('require works without flags', () => {
    jest({
      ...commonJs,
      'a.test.js': `const { allModules, createTracker } = require('@millrace/sdk');
const { debug } = require('@millrace/sdk/debug');
const { checkEvent } = require('@millrace/sdk/schema');
const { stub } = require('@millrace/sdk/stub');
${body}`,
    });
  });

  test('import works with --experimental-vm-modules', () => {
    jest(
      {
        ...esm,
        'a.test.js': `import { allModules, createTracker } from '@millrace/sdk';
import { debug } from '@millrace/sdk/debug';
import { checkEvent } from '@millrace/sdk/schema';
import { stub } from '@millrace/sdk/stub';
${body}`,
      },
      '--experimental-vm-modules',
      '--no-warnings',
    );
  });
});

describe('in a project with TypeScript, without skipLibCheck', () => {
  const site = `import { allModules, compress, createTracker, type Plugin, pageExit, type TrackerModule } from '@millrace/sdk';
import { debug } from '@millrace/sdk/debug';
import { type Catalogue, checkEvent, defineCatalogue } from '@millrace/sdk/schema';
import { limits } from '@millrace/sdk/schema/limits';
import { installStub, stub } from '@millrace/sdk/stub';
import { vitals } from '@millrace/sdk/vitals';

const catalogue = { pages: ['books'], events: ['liked_item'] } as const;
const plugin: Plugin = ({ on }) => on('event', (event) => { event.properties = { length: event.event.length }; });
const tracker = createTracker<typeof catalogue>({ key: 'demo', endpoint: '/v1/events' }, allModules());
tracker.use(plugin);
tracker.use(pageExit);
tracker.use(debug);
tracker.use(vitals);
tracker.track('liked_item', { page: 'books' });
// @ts-expect-error no such event
tracker.track('liked_items');
tracker.identify('u1');
const some = createTracker({ key: 'demo', endpoint: '/v1/events' }, [compress, plugin]);
some.identify?.('u1');
// @ts-expect-error private
const module_: TrackerModule = (context) => context._queue;
// @ts-expect-error private
tracker.use((context) => context._queue);
installStub();
window.millrace?.track(stub, { item_quantity: limits.batchEvents });
`;
  const compile = (files: Record<string, string>, options: object, packages: string[] = []) => {
    const compilerOptions = { strict: true, skipLibCheck: false, noEmit: true, types: [], lib: ['ES2022', 'DOM'] };
    packed
      .project(
        {
          ...commonJs,
          'tsconfig.json': JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, include: ['src'] }),
          ...files,
        },
        packages,
      )
      .node(join(installed('typescript'), 'lib/tsc.js'), '-p', '.');
  };

  test('bundler, with the React entry', () =>
    compile(
      {
        'src/a.ts': site,
        'src/b.tsx': `import { MillraceProvider, useTrack, useTracker } from '@millrace/sdk/react';
const catalogue = { pages: ['books'], events: ['liked_item'] } as const;
const options = { key: 'demo', endpoint: '/v1/events' };
export function Like() {
  const track = useTrack<typeof catalogue>();
  const tracker = useTracker();
  tracker.identify('u1');
  // @ts-expect-error no such event
  track('liked_items');
  return <button onClick={() => track('liked_item', { page: 'books' })} />;
}
export const App = () => (
  <MillraceProvider options={{ ...options, catalogue, page: 'books' }} settings={{ consent: 'pending' }}>
    <Like />
  </MillraceProvider>
);
// @ts-expect-error neither options nor a tracker
export const none = <MillraceProvider />;
// @ts-expect-error no such page
export const wrong = <MillraceProvider options={{ ...options, catalogue, page: 'garden' }} />;
`,
        'src/shop.tsx': readFileSync(join(packageFolder, 'examples/react/shop.tsx'), 'utf8'),
      },
      { module: 'esnext', moduleResolution: 'bundler', jsx: 'react-jsx' },
      ['zod', 'react', '@types/react', '@types/react-dom'],
    ));

  test('nodenext, without zod: all but the schema, from an ES module and a CommonJS one in one program', () => {
    const withoutSchema = site.replace(/^import .*schema.*\n/gm, '').replace('limits.batchEvents', '1');
    compile({ 'src/a.mts': withoutSchema, 'src/b.cts': withoutSchema }, { module: 'nodenext' });
  });
});
