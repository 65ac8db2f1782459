import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const html = '<!doctype html><title>Loading</title><div id="root"></div><script src="/shop.js"></script>';

/** The example as one script, with React for development, whose StrictMode mounts everything twice. */
export async function bundle(collector) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('shop.tsx', import.meta.url))],
    bundle: true,
    write: false,
    jsx: 'automatic',
    define: { COLLECTOR: JSON.stringify(collector), 'process.env.NODE_ENV': '"development"' },
  });
  return outputFiles[0].text;
}
