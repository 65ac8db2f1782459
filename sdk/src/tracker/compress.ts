import type { Part } from './plugin.js';

/** Batches are gzipped where the browser can, as a body of type text/plain, so that no preflight is needed. */
export const compress: Part<void> = (inside) => {
  inside.compress = async (text) => {
    try {
      const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
      return await new Response(stream, { headers: { 'content-type': 'text/plain' } }).blob();
    } catch {
      return undefined;
    }
  };
};
