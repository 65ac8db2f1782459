import { join } from '../browser/builtins.js';
import type { SenderPorts } from './sender.js';

/**
 * Makes a batch's request as several modules ask for it: compressed, as plain text, after a question, and so that it
 * outlives the page.
 */
export function deliverBatches(ports: SenderPorts): void {
  ports._deliver = async (url, batch, isRetry, signal) => {
    const envelope = ports._envelope?.() || '';
    const text = envelope + join(batch.lines, '\n');
    const zipped = envelope ? undefined : batch._zipped;
    const address = zipped ? `${url}&encoding=gzip` : url;
    const survives = ports._survives?.(zipped ? zipped.size : text.length * 3);
    return (
      (isRetry && (await ports._confirm?.(address, envelope, survives, signal))) ||
      (await ports._post(address, zipped || text, survives, signal))
    );
  };
}
