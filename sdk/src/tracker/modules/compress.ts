import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';

/** Gzips batches where the browser can, as a body of type text/plain, so that the browser sends no preflight. */
export const compress: TrackerModule<void> = (context: TrackerContext) => {
  context._compress = async (text) => {
    try {
      const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
      return await new Response(stream, { headers: { 'content-type': 'text/plain' } }).blob();
    } catch {
      return undefined;
    }
  };
};
