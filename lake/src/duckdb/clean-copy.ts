import { createReadStream, createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { LakeObject } from './list-objects.js';

/** An object's good lines, in a file of their own that DuckDB reads without an error. */
export interface CleanCopy {
  path: string;
  object: LakeObject;
  /** How many lines are not JSON objects, and are not in the copy. */
  unreadableLines: number;
}

const newline = 0x0a;
/** DuckDB's longest line. */
const longestLine = 16_000_000;

/**
 * Writes the lines of an object that are JSON objects to `path`. DuckDB itself, told to skip errors, loses the good
 * line after a torn one.
 * @throws zlib's error when the object cannot be unzipped to its end
 */
export async function copyGoodLines(object: LakeObject, path: string): Promise<CleanCopy> {
  const copy: CleanCopy = { path, object, unreadableLines: 0 };
  const unzip = object.gzip ? [createGunzip()] : [];
  await pipeline([
    createReadStream(object.path),
    ...unzip,
    async function* good(source: AsyncIterable<Buffer>) {
      let pieces: Buffer[] = [];
      for await (const chunk of source) {
        const lines: string[] = [];
        let from = 0;
        for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
          pieces.push(chunk.subarray(from, end));
          lines.push(goodLine(copy, Buffer.concat(pieces)));
          pieces = [];
          from = end + 1;
        }
        pieces.push(chunk.subarray(from));
        if (lines.length > 0) yield lines.join('');
      }
      yield goodLine(copy, Buffer.concat(pieces));
    },
    createWriteStream(path),
  ] as unknown as [Readable, NodeJS.WritableStream]);
  return copy;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The line as DuckDB takes it, nothing for a blank one. A line that is none is counted. */
function goodLine(copy: CleanCopy, bytes: Buffer): string {
  try {
    const text = utf8.decode(bytes).trim();
    if (text === '') return '';
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && text.length <= longestLine) {
      // Written anew: DuckDB refuses a name that comes twice, and half a surrogate pair.
      return `${JSON.stringify(value).replace(/\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g, '\\ufffd')}\n`;
    }
  } catch {
    // No JSON.
  }
  copy.unreadableLines += 1;
  return '';
}
