import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { LakeObject } from '../duckdb/list-objects.js';
import type { DamagedObject } from '../lake.js';

/**
 * Reads every gzip object to its end, `parallel` at a time, and checks its length and checksum. DuckDB does not: an
 * object cut off between two lines would look complete. Returns those that fail, by key.
 */
export async function checkGzip(
  objects: readonly LakeObject[],
  options: { parallel: number; signal?: AbortSignal | undefined },
): Promise<DamagedObject[]> {
  const damaged: DamagedObject[] = [];
  const waiting = objects.filter((object) => object.gzip).values();
  const worker = async () => {
    for (const { path, key } of waiting) {
      options.signal?.throwIfAborted();
      const message = await gzipFault(path);
      if (message) damaged.push({ key, message, unreadableLines: null });
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  return damaged.sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function gzipFault(path: string): Promise<string | undefined> {
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: 1 << 16 }),
      createGunzip({ chunkSize: 1 << 16 }),
      async (chunks) => {
        for await (const _chunk of chunks);
      },
    );
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Deleted since it was listed.
    return code === 'ENOENT' ? undefined : `fails its gzip check: ${message}`;
  }
}
