// Bundles the compiled tracker (run tsc -b first): the script, the plugins' scripts, the stub, millrace.json with the
// script's sizes and integrity hash, and the package's modules in both formats.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import terser from '@rollup/plugin-terser';
import uglify from 'uglify-js';

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

/** @param isPackage keeps the annotations without which a site could not leave out what it does not use */
const minify = (isPackage = false) =>
  terser({
    ecma: 2020,
    compress: { passes: 5, inline: 1, keep_fargs: false, pure_getters: true, unsafe_arrows: true },
    // Private names begin with `_`, and exactly those are mangled. `__proto__` is the language's.
    mangle: { properties: { regex: /^_/, reserved: ['__proto__'] } },
    format: { comments: false, preserve_annotations: isPackage },
  });

/** Another minifier finds 3 % of the compressed size that the first one leaves. */
const again = (isPackage = false) => ({
  name: 'again',
  renderChunk(code) {
    const minified = uglify.minify(code, {
      module: true,
      // Without `webkit` the script sends nothing in WebKit 2.38 (Safari 16): an argument and a variable share a name.
      compress: { passes: 5, arrows: false, awaits: false, webkit: true },
      mangle: { toplevel: true },
      // A page may have another encoding than UTF-8.
      output: { annotations: isPackage, ascii_only: true },
    });
    if (minified.error) throw minified.error;
    return { code: minified.code, map: null };
  },
});

/**
 * Makes a script of a module, whose names stay its own. Both minifiers find more in a module than in a script that is
 * one function already.
 */
const asScript = {
  name: 'script',
  renderChunk: (code) => ({ code: `!function(){"use strict";${code}}();\n`, map: null }),
};

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

/** The licence of web-vitals, which asks for a copy beside what contains it. */
const webVitalsLicence = {
  name: 'web-vitals-licence',
  generateBundle() {
    const source = readFileSync(new URL('../LICENSE', import.meta.resolve('web-vitals')));
    this.emitFile({ type: 'asset', fileName: 'web-vitals.LICENSE.txt', source });
  },
};

const manifest = {
  name: 'manifest',
  generateBundle(_, bundle) {
    const source = JSON.stringify({ version, ...describe(bundle['millrace.js'].code) }, null, 2);
    this.emitFile({ type: 'asset', fileName: 'millrace.json', source: `${source}\n` });
  },
};

/** Puts the built stub into its module: as a text, and as code. */
const withStub = {
  name: 'stub',
  transform(code) {
    if (!code.includes('__MILLRACE_STUB__')) return null;
    const stub = readFileSync(here('dist/millrace.stub.js'), 'utf8').trim();
    const installed = code.replace('__MILLRACE_INSTALL_STUB__();', () => stub);
    return { code: installed.replace('__MILLRACE_STUB__', () => JSON.stringify(stub)), map: null };
  },
};

/**
 * The declarations once more, as those of CommonJS modules: TypeScript tells by a declaration's name which format its
 * module has.
 */
const commonJsTypes = {
  name: 'commonjs-types',
  generateBundle() {
    for (const file of readdirSync(here('dist/src'), { recursive: true })) {
      if (!file.endsWith('.d.ts')) continue;
      const source = readFileSync(here(`dist/src/${file}`), 'utf8')
        .replace(/((?:from |import\()['"]\.[^'"]+)\.js(?=['"])/g, '$1.cjs')
        .replace(/\n\/\/# sourceMappingURL=.*/, '');
      this.emitFile({ type: 'asset', fileName: file.replace(/\.d\.ts$/, '.d.cts'), source });
    }
  },
};

const webVitalsBanner =
  '/* Contains web-vitals, Copyright Google LLC, Apache License 2.0: https://github.com/GoogleChrome/web-vitals */';

/** The tracker is not in the React entry: a second one in a page would be a second sender. */
const isTracker = (id) => /[\\/]tracker[\\/]index\.js$/.test(id);

const output = (file, format, more) => ({
  dir: here('dist'),
  entryFileNames: file,
  format,
  generatedCode: 'es2015',
  ...more,
});

/** A module that a project imports or requires: `dist/esm/NAME.js`, `dist/cjs/NAME.cjs`. The project minifies it. */
const module = (name, input, { banner, ...more } = {}) => ({
  input: here(`dist/src/${input}`),
  output: [
    ['es', `esm/${name}.js`, 'millrace.esm.js'],
    ['cjs', `cjs/${name}.cjs`, 'millrace.cjs'],
  ].map(([format, file, tracker]) => output(file, format, { banner, paths: (id) => (isTracker(id) ? tracker : id) })),
  ...more,
});

// What an earlier build left there would be packed as well.
for (const folder of ['esm', 'cjs']) rmSync(here(`dist/${folder}`), { recursive: true, force: true });

export default [
  {
    input: here('dist/src/tracker/script.js'),
    output: output('millrace.js', 'es'),
    plugins: [withVersion, minify(), again(), asScript, manifest],
  },
  {
    input: here('dist/src/tracker/script-full.js'),
    output: output('millrace-full.js', 'es'),
    plugins: [withVersion, minify(), again(), asScript],
  },
  {
    input: here('dist/src/tracker/index.js'),
    output: output('millrace.esm.js', 'es'),
    plugins: [withVersion, minify(true), again(true)],
  },
  // The minified module in the other format: minifying it anew would double the time that the build takes.
  { input: here('dist/millrace.esm.js'), output: output('millrace.cjs', 'cjs') },
  {
    input: here('dist/src/plugins/debug-script.js'),
    output: output('millrace-debug.js', 'iife'),
    plugins: [minify()],
  },
  {
    input: here('dist/src/plugins/vitals-script.js'),
    output: output('millrace-vitals.js', 'iife', { banner: webVitalsBanner }),
    plugins: [packages, minify(), webVitalsLicence],
  },
  {
    input: here('src/stub.js'),
    output: output('millrace.stub.js', 'es'),
    plugins: [minify()],
  },
  // After the stub, which it contains.
  module('stub', 'stub/index.js', { plugins: [withStub] }),
  module('debug', 'plugins/debug.js'),
  module('vitals', 'plugins/vitals.js', { plugins: [packages], banner: webVitalsBanner }),
  // The banner, because Rollup drops the directive: React's server components need it.
  module('react', 'react/index.js', { external: (id) => id === 'react' || isTracker(id), banner: "'use client';" }),
  {
    // As ES modules they are what tsc compiled.
    input: {
      schema: here('dist/src/schema/index.js'),
      limits: here('dist/src/schema/limits.js'),
      ledger: here('dist/src/schema/ledger.js'),
    },
    output: { ...output('[name].cjs', 'cjs'), dir: here('dist/cjs'), chunkFileNames: '[name].cjs' },
    external: ['zod'],
    plugins: [commonJsTypes],
  },
];
