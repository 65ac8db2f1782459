// Bundles the compiled tracker (run tsc -b first): the script, the ES module, the plugins, the stub, and millrace.json
// with the script's sizes and integrity hash.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import terser from '@rollup/plugin-terser';

// Absolute, so that it does not matter from which folder Rollup is run.
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(here('package.json'), 'utf8'));

const withVersion = {
  name: 'version',
  transform: (code) =>
    code.includes('__MILLRACE_VERSION__')
      ? { code: code.replaceAll('__MILLRACE_VERSION__', JSON.stringify(version)), map: null }
      : null,
};

const minify = (module) =>
  terser({
    ecma: 2020,
    module,
    compress: { passes: 5, inline: 1, keep_fargs: false, pure_getters: true, unsafe_arrows: true },
    // Private names begin with `_`, and exactly those are mangled. `__proto__` is the language's.
    mangle: { properties: { regex: /^_/, reserved: ['__proto__'] } },
    format: { comments: false },
  });

/** The sizes of a script, plain and compressed, and the hash for its `integrity` attribute. */
function describe(code) {
  const bytes = Buffer.from(code);
  return {
    bytes: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
    integrity: `sha384-${createHash('sha384').update(bytes).digest('base64')}`,
  };
}

/** Bundles web-vitals, the only package in a file. */
const packages = {
  name: 'packages',
  resolveId: (id) => (id === 'web-vitals' ? fileURLToPath(import.meta.resolve(id)) : null),
};

const manifest = {
  name: 'manifest',
  generateBundle(_, bundle) {
    const source = JSON.stringify({ version, ...describe(bundle['millrace.js'].code) }, null, 2);
    this.emitFile({ type: 'asset', fileName: 'millrace.json', source: `${source}\n` });
  },
};

const output = (file, format) => ({ dir: here('dist'), entryFileNames: file, format, generatedCode: 'es2015' });

export default [
  {
    input: here('dist/src/tracker/script.js'),
    output: output('millrace.js', 'iife'),
    plugins: [withVersion, minify(false), manifest],
  },
  {
    input: here('dist/src/tracker/index.js'),
    output: output('millrace.esm.js', 'es'),
    plugins: [withVersion, minify(true)],
  },
  {
    input: here('dist/src/plugins/debug.js'),
    output: output('millrace-debug.js', 'iife'),
    plugins: [minify(false)],
  },
  {
    input: here('dist/src/plugins/vitals.js'),
    output: {
      ...output('millrace-vitals.js', 'iife'),
      banner:
        '/* Contains web-vitals, Copyright Google LLC, Apache License 2.0: https://github.com/GoogleChrome/web-vitals */',
    },
    plugins: [packages, minify(false)],
  },
  {
    input: here('src/stub.js'),
    output: output('millrace.stub.js', 'es'),
    plugins: [minify(true)],
  },
];
