import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function sizes(text) {
  const bytes = Buffer.from(text);
  return {
    min: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  };
}

/** What the page loads for a tracker, and how large that is. Ours is the file that ships; a peer is its entry, bundled and minified. */
export async function bundle(peer) {
  const { build } = await import('esbuild');
  const result = await build({
    entryPoints: [here(`peers/${peer.id}.page.js`)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2020',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    logLevel: 'error',
  });
  const script = result.outputFiles[0].text;
  if (!peer.ours) return { script, head: () => '', size: sizes(script) };
  const path = here('../../sdk/dist/millrace.js');
  if (!existsSync(path)) throw new Error('sdk/dist/millrace.js is not built: npm run build');
  const tag = readFileSync(path, 'utf8');
  const head = (collector) =>
    `<script src="/millrace.js" data-key="demo" data-endpoint="${collector}/v1/events"></script>`;
  const fullTag = readFileSync(here('../../sdk/dist/millrace-full.js'), 'utf8');
  return { script, tag, fullTag, head, size: sizes(tag) };
}
