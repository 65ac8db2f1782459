import { createWriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { S3Error } from '../errors.js';
import type { SelectRequest } from './request.js';

const newline = 0x0a;
/** Longer than any chunk below, so that only a line across chunks can be longer. */
export const maxRecordBytes = 1024 * 1024;

/** 400 OverMaxRecordSize. */
export const overMaxRecordSize = () =>
  new S3Error(
    'OverMaxRecordSize',
    `The character number in one record is more than our max threshold, maxCharsPerRecord: ${maxRecordBytes.toLocaleString('en')}`,
    400,
  );

/**
 * Copies an object to a file of the query's own, decompressed and verified. DuckDB reads gzip itself, but does not
 * check that it is whole, takes `*` and `[` in a path for a pattern, and must not reach any other file. Returns how
 * many bytes it read, stored and decompressed.
 */
export async function scan(
  handle: FileHandle,
  size: number,
  path: string,
  { input, scanRange }: Pick<SelectRequest, 'input' | 'scanRange'>,
): Promise<{ bytesScanned: number; bytesProcessed: number }> {
  let processed = 0;
  /** Of the line whose end has not come yet. */
  let lineBytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      processed += chunk.length;
      const first = chunk.indexOf(newline);
      lineBytes += first === -1 ? chunk.length : first;
      const tooLong = input.format === 'lines' && lineBytes > maxRecordBytes;
      if (first !== -1) lineBytes = chunk.length - 1 - chunk.lastIndexOf(newline);
      if (tooLong) done(overMaxRecordSize());
      else done(null, chunk);
    },
  });
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const range = scanRange && rangeOf(scanRange, size);
  // The newline before it shows whether a record begins exactly at the start.
  const from = range ? Math.max(0, range.start - 1) : 0;
  const source = handle.createReadStream({ autoClose: false, start: from, highWaterMark: 256 * 1024 });
  try {
    if (input.compression === 'GZIP') await pipeline(source, createGunzip({ chunkSize: 256 * 1024 }), counted, file);
    else if (range) await pipeline(source, (chunks) => recordsWithin(chunks, from, range), counted, file);
    else await pipeline(source, counted, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (input.compression === 'GZIP' && code?.startsWith('Z_'))
      throw new S3Error(
        'InvalidCompressionFormat',
        `GZIP is not applicable to the queried object, or it is damaged: ${(error as Error).message}.`,
        400,
      );
    throw error;
  }
  return { bytesScanned: range ? processed : size, bytesProcessed: processed };
}

function rangeOf({ start, end }: NonNullable<SelectRequest['scanRange']>, size: number) {
  // Only an end: the last so many bytes of the object.
  if (start === undefined) return { start: Math.max(0, size - end!), end: size - 1 };
  return { start, end: Math.min(end ?? size - 1, size - 1) };
}

/** The lines that begin within the range, whole, from a stream that begins at byte `from`. */
async function* recordsWithin(
  chunks: AsyncIterable<Buffer>,
  from: number,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Buffer> {
  let at = from;
  let started = start === 0;
  for await (const chunk of chunks) {
    let begin = 0;
    if (!started) {
      const cut = chunk.indexOf(newline, Math.max(0, start - 1 - at));
      if (cut === -1) {
        at += chunk.length;
        continue;
      }
      started = true;
      begin = cut + 1;
      if (at + begin > end) return;
    }
    // The newline after which no record begins within the range any more.
    const stop = chunk.indexOf(newline, Math.max(begin, end - at));
    if (stop !== -1) {
      yield chunk.subarray(begin, stop + 1);
      return;
    }
    yield chunk.subarray(begin);
    at += chunk.length;
  }
}
