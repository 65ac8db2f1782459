import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** With Node's 16 KB, gunzip takes twice the time. */
export const chunkBytes = 1 << 17;

/**
 * An object's text in chunks. Not by `pipeline`, which fails on a gzip that zeros follow, though that is a whole one.
 * @throws zlib's error when it cannot be unzipped to its end
 */
export async function* objectChunks(source: Readable, gzip: boolean): AsyncGenerator<Buffer> {
  if (!gzip) {
    yield* source;
    return;
  }
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
