import * as crypto from 'node:crypto';
import { type SentLine, textOf } from '../intake/sent-line.js';

/** Code units that a batch's id may have. */
export const maxBatchIdLength = 128;

/** SHA-256 in base64. Node does it in one step from 20.12. */
const sha256: (data: Buffer | string) => string =
  crypto.hash === undefined
    ? (data) => crypto.createHash('sha256').update(data).digest('base64')
    : (data) => crypto.hash('sha256', data, 'base64');

/**
 * What a batch is remembered by. The same lines under the same id are the same batch, however they were packed for the way: a page that is
 * left sends plain text, the next page repeats it gzipped. Other lines under a known id are another batch, and so are the same bytes read
 * another way, for then other lines come out; no event of either is passed over.
 */
export function batchKey(writeKey: string, batch: string, lines: readonly SentLine[]): string {
  return `${writeKey} ${sha256(canonicalBytes(lines))}${lengthsOf(lines)} ${batch}`;
}

/** No line of the body holds a line end but an element of a JSON array, which is told from lines by how long each is. */
function lengthsOf(lines: readonly SentLine[]): string {
  const isSplit = lines.some(({ chars, bytes }) => bytes === undefined && chars.includes('\n'));
  return isSplit ? `,${sha256(lines.map((line) => textOf(line).length).join())}` : '';
}

/** What a batch is called, when it is asked for without its lines. */
export const batchName = (writeKey: string, batch: string): string => JSON.stringify([writeKey, batch]);

/** The lines with a line end between them; a view of the body where that is what it has. */
function canonicalBytes(lines: readonly SentLine[]): Buffer | string {
  const first = lines[0]?.bytes;
  const last = lines.at(-1)?.bytes;
  if (first !== undefined && last !== undefined) {
    let at = first.start;
    let isBare = true;
    for (const { bytes } of lines) {
      isBare &&= bytes?.start === at;
      at = (bytes?.end ?? 0) + 1;
    }
    if (isBare) return first.body.subarray(first.start, last.end);
  }
  return lines.map(textOf).join('\n');
}
