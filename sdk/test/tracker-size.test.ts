import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { built } from './browser/built.js';

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));
const manifest = JSON.parse(built('millrace.json'));
const brotli = (text: string) =>
  brotliCompressSync(Buffer.from(text), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

describe('what a page loads', () => {
  test('the script is at most 8,192 bytes in Brotli', () => {
    expect(brotli(built('millrace.js'))).toBeLessThanOrEqual(8192);
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

  test("the README's sizes are the build's", () => {
    // To 0.1 kB, because each version of Node compresses a little differently.
    const [, brotliKb, kb] = /Size of the script: (\d+\.\d) kB in Brotli, (\d+\.\d) kB minified/.exec(readme) ?? [];
    expect(Math.abs(Number(brotliKb) * 1000 - manifest.brotli)).toBeLessThanOrEqual(100);
    expect(Math.abs(Number(kb) * 1000 - manifest.bytes)).toBeLessThanOrEqual(100);
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
        /\?\?=|\|\|=|&&=|\.replaceAll\(|\.at\(|hasOwn\(|\.findLast|\.toSorted\(|structuredClone|\bstatic\{|#[a-z]+[=;(]/,
      );
    },
  );

  test('no unload or beforeunload, which keep a page out of the back/forward cache, and nothing a strict CSP forbids', () => {
    expect(built('millrace.js')).not.toMatch(/["'](before)?unload["']|\beval\(|new Function|innerHTML|document\.write/);
  });
});
