import * as crypto from 'node:crypto';
import { type SentLine, textOf } from '../intake/sent-line.js';

/** The most code units of a batch's id. */
export const maxBatchIdLength = 128;

/** SHA-256 in base64; in one step from Node 20.12 on. */
const sha256: (data: Buffer | string) => string =
  crypto.hash === undefined
    ? (data) => crypto.createHash('sha256').update(data).digest('base64')
    : (data) => crypto.hash('sha256', data, 'base64');

/**
 * The key of a batch in memory. The same lines under the same id are the same batch, however they were packed: a page
 * that is left sends plain text, the next page repeats it gzipped. Other lines under a known id are another batch, and
 * so are the same bytes read as another type, so that no event is passed over.
 */
export function batchKey(writeKey: string, batch: string, lines: readonly SentLine[]): string {
  return `${writeKey} ${sha256(canonicalBytes(lines))}${lengthsOf(lines)} ${batch}`;
}

/** Only elements of a JSON array can hold line ends; then the lengths of all elements tell the arrays apart. */
function lengthsOf(lines: readonly SentLine[]): string {
  const isSplit = lines.some(({ chars, bytes }) => bytes === undefined && chars.includes('\n'));
  return isSplit ? `,${sha256(lines.map((line) => textOf(line).length).join())}` : '';
}

/** The name of a batch, for a request that asks about it without its lines. */
export const batchName = (writeKey: string, batch: string): string => JSON.stringify([writeKey, batch]);

/** The lines with a line end between them: a view of the body, if it is the same. */
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
