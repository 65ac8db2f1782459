import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import minifier from '@rollup/plugin-terser';
import { type Plugin, rollup } from 'rollup';
import { built } from './browser/built.js';

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));
const manifest = JSON.parse(built('millrace.json'));
// Its types are those of a CommonJS module, which it is not here.
const terser = minifier as unknown as (options: object) => Plugin;
const brotli = (text: string) =>
  brotliCompressSync(Buffer.from(text), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

/** What a site's bundle gets of the module: Rollup leaves out what is not used. */
async function bundled(page: string): Promise<string> {
  const bundle = await rollup({
    input: 'page',
    logLevel: 'silent',
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === 'page' || id === '@millrace/sdk' ? id : null),
        load: (id) => (id === 'page' ? page : id === '@millrace/sdk' ? built('millrace.esm.js') : null),
      },
      terser({ module: true }),
    ],
  });
  const { output } = await bundle.generate({ format: 'es' });
  return output[0].code;
}
let bundle: Promise<string> | undefined;
/** The bundle of a page that tracks and does nothing else: made once. */
function smallest(): Promise<string> {
  bundle ??= bundled(`import { createTracker } from '@millrace/sdk';
createTracker({ key: 'demo', endpoint: '/v1/events' }).track('a');`);
  return bundle;
}

describe('what a page loads', () => {
  test('the script is at most 9,910 bytes in Brotli', () => {
    expect(brotli(built('millrace.js'))).toBeLessThanOrEqual(9_910);
  });

  test('a site that imports createTracker and track alone gets at most 4,420 bytes in Brotli', async () => {
    const code = await smallest();
    expect(brotli(code)).toBeLessThanOrEqual(4_420);
    // It is a tracker, and no module has come along.
    expect(code).toContain('indexedDB');
    expect(code).not.toMatch(/data-track|utm_|fetchLater|CompressionStream|iphone|millrace=/);
  });

  test('a site that imports all modules gets no more than the full script', async () => {
    const code = await bundled(`import { createTracker, allModules } from '@millrace/sdk';
createTracker({ key: 'demo', endpoint: '/v1/events' }, allModules()).track('a');`);
    expect(brotli(code)).toBeLessThanOrEqual(brotli(built('millrace-full.js')));
  });

  test('a site that imports nothing gets nothing', async () => {
    expect((await bundled("import '@millrace/sdk';")).trim()).toBe('');
  });

  test('the stub is at most 350 bytes, and the README has it to paste', () => {
    const stub = built('millrace.stub.js').trim();
    expect(Buffer.byteLength(stub)).toBeLessThanOrEqual(350);
    expect(readme).toContain(`<script>${stub}</script>`);
  });

  test('millrace.json says version, sizes and integrity as they are', () => {
    const script = built('millrace.js');
    expect(manifest).toEqual({
      version,
      bytes: Buffer.byteLength(script),
      gzip: expect.any(Number),
      brotli: brotli(script),
      integrity: `sha384-${createHash('sha384').update(script).digest('base64')}`,
    });
  });

  // To 0.1 kB, because each version of Node compresses a little differently.
  const isNear = (kB: string | undefined, bytes: number) => Math.abs(Number(kB) * 1000 - bytes) <= 100;

  test("the README's sizes are the build's", async () => {
    const [, brotliKb, kb] = /Size of the script: (\d+\.\d) kB in Brotli, (\d+\.\d) kB minified/.exec(readme) ?? [];
    expect([brotliKb, isNear(brotliKb, manifest.brotli)]).toEqual([brotliKb, true]);
    expect([kb, isNear(kb, manifest.bytes)]).toEqual([kb, true]);
    const [, smallestKb] = /`track` alone: (\d+\.\d) kB/.exec(readme) ?? [];
    expect([smallestKb, isNear(smallestKb, brotli(await smallest()))]).toEqual([smallestKb, true]);
  });

  test.each(['millrace.js', 'millrace.esm.js'] as const)(
    '%s is one file in ES2020, with its version and without Zod',
    (name) => {
      const code = built(name);
      expect(code).toContain(version);
      expect(code).not.toMatch(/zod|__MILLRACE_VERSION__/i);
      expect(code).not.toMatch(/\bimport\b/);
      // Syntax and methods that came after ES2020.
      expect(code).not.toMatch(
        /\?\?=|\|\|=|&&=|\.replaceAll\(|[\w)\]]\.at\(|hasOwn\b|\.findLast|\.toSorted\(|\.toReversed\(|structuredClone|\bstatic\{|#[a-z]+[=;(]|Promise\.any|AbortSignal\.|Array\.fromAsync|groupBy/,
      );
    },
  );

  test('no unload or beforeunload, which keep a page out of the back/forward cache, and nothing a strict CSP forbids', () => {
    for (const name of ['millrace.js', 'millrace.esm.js'] as const) {
      expect(built(name)).not.toMatch(
        /["'`](before)?unload["'`]|onunload|\beval\(|Function\(|innerHTML|document\.write/,
      );
    }
  });

  test('no field of an event, no call and no name of the browser was shortened on the way', () => {
    const words = 'event_id event_time visitor_id session_id stream_id after_stream_id after_seq tracker_dropped';
    const calls = 'track page identify reset consent use flush';
    for (const name of ['millrace.js', 'millrace.esm.js'] as const) {
      for (const word of `${words} ${calls}`.split(' ')) expect(built(name)).toMatch(new RegExp(`\\b${word}\\b`));
    }
  });
});
