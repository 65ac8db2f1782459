import { createHash } from 'node:crypto';

/** Code units that a batch's id may have. */
export const maxBatchIdLength = 128;

/**
 * What a batch is remembered by. The same lines under the same id are the same batch, however they were packed for the way: a page that is
 * left sends plain text, the next page repeats it gzipped. Other lines under a known id are another batch, and so are the same bytes read
 * another way, for then other lines come out; no event of either is passed over.
 */
export function batchKey(writeKey: string, batch: string, lines: readonly string[]): string {
  const lengths = lines.map(({ length }) => length);
  return createHash('sha256')
    .update(JSON.stringify([writeKey, batch, lengths]))
    .update(lines.join(''))
    .digest('base64');
}
