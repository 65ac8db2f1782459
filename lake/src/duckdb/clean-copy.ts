import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { readJsonLine } from '../json-line.js';
import { chunkBytes, objectChunks } from '../object-chunks.js';
import type { LakeObject } from './list-objects.js';

const newline = 0x0a;

/**
 * Writes the lines of an object that are JSON objects to `path`, and returns how many lines are not. DuckDB itself,
 * told to skip errors, loses the good line after a torn one.
 * @throws zlib's error when the object cannot be unzipped to its end
 */
export async function copyGoodLines(object: LakeObject, path: string): Promise<number> {
  const copy = { unreadableLines: 0 };
  await pipeline(
    objectChunks(createReadStream(object.path, { highWaterMark: chunkBytes }), object.gzip),
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
  );
  return copy.unreadableLines;
}

/** The line as DuckDB takes it, nothing for a blank one. A line that is none is counted. */
function goodLine(copy: { unreadableLines: number }, bytes: Buffer): string {
  const value = readJsonLine(bytes);
  if (value === undefined) return '';
  try {
    // Written anew: DuckDB refuses a name that comes twice, and half a surrogate pair.
    if (value) return `${JSON.stringify(value).replace(/\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g, '\\ufffd')}\n`;
  } catch {
    // Nested too deep to be written.
  }
  copy.unreadableLines += 1;
  return '';
}
