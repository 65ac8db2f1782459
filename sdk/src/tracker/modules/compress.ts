import { join } from '../browser/builtins.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import { deliverBatches } from '../send/delivery.js';

/** Gzips batches where the browser can, as a body of type text/plain, so that the browser sends no preflight. */
export const compress: TrackerModule<void> = (context: TrackerContext) => {
  const { _queue: queue } = context;
  const { _next: next } = queue;
  deliverBatches(context);
  queue._next = async () => {
    const batch = await next();
    try {
      const stream = new Blob([join(batch!.lines, '\n')]).stream().pipeThrough(new CompressionStream('gzip'));
      batch!._zipped = await new Response(stream, { headers: { 'content-type': 'text/plain' } }).blob();
    } catch {}
    return batch;
  };
};
