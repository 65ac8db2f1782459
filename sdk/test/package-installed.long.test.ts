import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import { needs } from '@millrace/testing/needs';
import type { Browser } from 'playwright-core';
import { type SitePage, startSite } from './browser/site.js';
import { environment, type Packed, pack } from './package/project.js';

// Installing and building large packages takes minutes on a slow line.
jest.setTimeout(600_000);

let packed: Packed;
beforeAll(() => {
  packed = pack();
});
afterAll(() => packed.remove());

const { describe } = needs('npm-registry');
const likeButton = `import { useTrack } from '@millrace/sdk/react';
export function Like() {
  const track = useTrack();
  return <button type="button" onClick={() => track('liked_item', { item_id: 51 })}>Like</button>;
}
`;

describe('a bundler that npm installs beside the tarball', () => {
  browserDescribe('builds a page', ({ launch }) => {
    let browser: Browser;
    let collector: Collector;
    beforeAll(async () => {
      browser = await launch();
    });

    /** Opens a page, clicks, and gives back what has arrived: one view and one click. */
    async function visit(address: string): Promise<void> {
      const context = await browser.newContext();
      const page = await context.newPage();
      const errors: unknown[] = [];
      page.on('pageerror', (error) => errors.push(error));
      await page.goto(address, { waitUntil: 'networkidle' });
      await page.getByRole('button', { name: 'Like' }).click();
      await eventually('the click', () => collector.kept().some(({ event }) => event === 'liked_item'));
      await eventually('the view', () => collector.kept().some(({ event }) => event === 'page_view'));
      const kept = collector.kept();
      expect(kept.filter(({ event }) => event === 'page_view')).toHaveLength(1);
      expect(kept.filter(({ event }) => event === 'liked_item')).toMatchObject([{ item_id: '51' }]);
      expect(new Set(kept.map(({ stream_id }) => stream_id)).size).toBe(1);
      expect([errors, collector.refused]).toEqual([[], []]);
      await context.close();
    }

    test('Vite', async () => {
      collector = await startCollector();
      const project = packed.installed(
        {
          'package.json': '{"type":"module","private":true}',
          'index.html':
            '<!doctype html><title>Shop</title><div id="root"></div><script type="module" src="/main.jsx"></script>',
          'like.jsx': likeButton,
          'main.jsx': `import { allModules } from '@millrace/sdk';
import { MillraceProvider } from '@millrace/sdk/react';
import { vitals } from '@millrace/sdk/vitals';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Like } from './like.jsx';

const options = { key: 'demo', endpoint: '${collector.origin}/v1/events' };
const modules = [...allModules(), vitals];
createRoot(document.getElementById('root')).render(
  <StrictMode>
    <MillraceProvider options={options} modules={modules}><Like /></MillraceProvider>
  </StrictMode>,
);
`,
        },
        ['vite', 'react', 'react-dom'],
      );
      project.node('node_modules/vite/bin/vite.js', 'build');
      const pages: Record<string, SitePage> = { '/': readFileSync(join(project.folder, 'dist/index.html'), 'utf8') };
      for (const name of readdirSync(join(project.folder, 'dist/assets')))
        pages[`/assets/${name}`] = {
          html: readFileSync(join(project.folder, 'dist/assets', name), 'utf8'),
          headers: { 'content-type': 'text/javascript' },
        };
      const site = await startSite(pages);
      try {
        await visit(site.origin);
      } finally {
        await Promise.all([site.close(), collector.close()]);
      }
    });

    test.each(['--turbopack', '--webpack'])(
      'Next, app router, %s: a server component has the provider',
      async (flag) => {
        collector = await startCollector();
        const { folder, node } = packed.installed(
          {
            'package.json': '{"private":true}',
            // A server component: it gives plain data to the provider, which is for the client.
            'app/layout.jsx': `import { MillraceProvider } from '@millrace/sdk/react';
import { stub } from '@millrace/sdk/stub';

const options = { key: 'demo', endpoint: '${collector.origin}/v1/events' };
export default function Layout({ children }) {
  return (
    <html lang="en">
      <head><script dangerouslySetInnerHTML={{ __html: stub }} /></head>
      <body><MillraceProvider options={options} settings={{ mask: ['email'] }}>{children}</MillraceProvider></body>
    </html>
  );
}
`,
            'app/page.jsx': `import { Like } from './like.jsx';
export default function Page() { return <Like />; }
`,
            'app/like.jsx': `'use client';\n${likeButton}`,
          },
          ['next', 'react', 'react-dom'],
        );
        const next = 'node_modules/next/dist/bin/next';
        node(next, 'build', flag);
        const server: ChildProcess = spawn(
          process.execPath,
          [next, 'start', '--port', '0', '--hostname', '127.0.0.1'],
          {
            cwd: folder,
            env: environment,
          },
        );
        const ended = once(server, 'exit');
        let output = '';
        for (const stream of [server.stdout!, server.stderr!]) stream.on('data', (data) => (output += data));
        try {
          const address = await eventually('Next to listen', () => {
            if (server.exitCode !== null) throw new Error(`Next has ended: ${output}`);
            return /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(output)?.[0];
          });
          await visit(address);
        } finally {
          server.kill();
          await Promise.all([ended, collector.close()]);
        }
      },
    );
  });
});

describe('a project that npm installs', () => {
  test('TypeScript 5 with node10, node16 and nodenext, without skipLibCheck', () => {
    const site = `import { allModules, createTracker, type Tracker } from '@millrace/sdk';
import { debug } from '@millrace/sdk/debug';
import { useTrack } from '@millrace/sdk/react';
import { checkEvent } from '@millrace/sdk/schema';
import { limits } from '@millrace/sdk/schema/limits';
import { stub } from '@millrace/sdk/stub';
import { vitals } from '@millrace/sdk/vitals';

const tracker: Tracker = createTracker({ key: 'demo', endpoint: '/v1/events' }, allModules());
tracker.use(debug);
tracker.use(vitals);
tracker.track(stub, { item_quantity: limits.batchEvents });
export const refusal: string | undefined = checkEvent({}).refusal?.message;
export const useLike = () => useTrack()('liked_item');
// @ts-expect-error no such call
tracker.trak('a');
`;
    const { node } = packed.installed({ 'package.json': '{}', 'site.ts': site, 'site.mts': site }, [
      'typescript@5',
      'zod@4',
      'react',
      '@types/react',
    ]);
    const common = [
      'node_modules/typescript/bin/tsc',
      '--strict',
      '--noEmit',
      '--esModuleInterop',
      '--target',
      'es2022',
    ];
    node(...common, '--module', 'commonjs', '--moduleResolution', 'node10', 'site.ts');
    // The one is a CommonJS module, the other an ES module.
    for (const module of ['node16', 'nodenext']) node(...common, '--module', module, 'site.ts', 'site.mts');
  });

  test('Jest with jsdom: what React 18 renders there tracks', () => {
    const { node } = packed.installed(
      {
        'package.json': '{"jest":{"testEnvironment":"jsdom"}}',
        'a.test.js': `const { act, createElement } = require('react');
const { createRoot } = require('react-dom/client');
const { MillraceProvider, useTrack } = require('@millrace/sdk/react');

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
test('tracks', () => {
  const Like = () => {
    const track = useTrack();
    return createElement('button', { onClick: () => track('liked_item') });
  };
  const options = { key: 'demo', endpoint: '/v1/events' };
  const root = document.body.appendChild(document.createElement('div'));
  act(() => createRoot(root).render(createElement(MillraceProvider, { options }, createElement(Like))));
  act(() => root.querySelector('button').click());
  expect(JSON.stringify({ ...localStorage })).toContain('liked_item');
});
`,
      },
      ['jest', 'jest-environment-jsdom', 'react@18', 'react-dom@18'],
    );
    node('node_modules/jest/bin/jest.js', '--watchman=false');
  });
});
