import { createHash } from 'node:crypto';
import type { SentLine } from './sent-line.js';

/** Code units that a batch's id may have. */
export const maxBatchIdLength = 128;

/**
 * What a batch is remembered by. The same lines under the same id are the same batch, however they were packed for the way: a page that is
 * left sends plain text, the next page repeats it gzipped. Other lines under a known id are another batch, and so are the same bytes read
 * another way, for then other lines come out; no event of either is passed over.
 */
export function batchKey(writeKey: string, batch: string, lines: readonly SentLine[]): string {
  // No line holds a line end but an element of a JSON array, which is told from lines by how long each is.
  const isSplit = lines.some(({ text }) => text.includes('\n'));
  const lengths = isSplit ? lines.map(({ text }) => text.length) : [];
  return createHash('sha256')
    .update(`${JSON.stringify([writeKey, batch, lengths])}\n`)
    .update(canonicalBytes(lines))
    .digest('base64');
}

/** What a batch is called, when it is asked for without its lines. */
export const batchName = (writeKey: string, batch: string): string => JSON.stringify([writeKey, batch]);

/** The lines with a line end between them; a view of the body where that is what it has. */
function canonicalBytes(lines: readonly SentLine[]): Buffer | string {
  const first = lines[0]?.bytes;
  const last = lines.at(-1)?.bytes;
  if (first !== undefined && last !== undefined) {
    let at = first.start;
    const isBare = lines.every(({ bytes }) => {
      const follows = bytes?.start === at;
      at = (bytes?.end ?? 0) + 1;
      return follows;
    });
    if (isBare) return first.body.subarray(first.start, last.end);
  }
  return lines.map(({ text }) => text).join('\n');
}
