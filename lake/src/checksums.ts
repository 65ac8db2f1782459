import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { DamagedObject } from './damage.js';
import type { LakeObject } from './objects.js';

/**
 * Reads every gzip object to its end and checks length and checksum, which DuckDB does not: an object cut off between two lines would
 * look whole. `parallel` at once.
 */
export async function checkObjects(
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
      createReadStream(path, { highWaterMark: 1 << 18 }),
      createGunzip({ chunkSize: 1 << 18 }),
      async (chunks) => {
        for await (const _chunk of chunks);
      },
    );
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Gone since it was listed: it is no object of the lake any more.
    return code === 'ENOENT' ? undefined : `fails its gzip check: ${message}`;
  }
}
