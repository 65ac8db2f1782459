import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.js';
import { nextId } from './open-folder.js';
import { doneName, segmentName } from './segment.js';

/** Where the spools of several processes lie: each has a folder of its own. */
export const spoolFolderOf = (folder: string, slot: number, slots: number) =>
  slots === 1 ? folder : join(folder, `worker-${slot}`);

const segmentsIn = async (folder: string) => {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => /^(\d{8})\.spool$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
};

/**
 * When the number of processes has changed since the last start, moves what the folders that nobody has now still hold into the first one
 * that somebody has, so that it is delivered. Returns how many segments were moved.
 * @throws Error when one of the folders is in use
 */
export async function adoptFolders(folder: string, slots: number): Promise<number> {
  await mkdir(folder, { recursive: true });
  const used = new Set(Array.from({ length: slots }, (_, i) => spoolFolderOf(folder, i + 1, slots)));
  const workers = (await readdir(folder)).filter((name) => /^worker-\d+$/.test(name)).sort();
  const left = [folder, ...workers.map((name) => join(folder, name))].filter((one) => !used.has(one));
  const target = spoolFolderOf(folder, 1, slots);
  let moved = 0;
  for (const source of left) {
    const ids = await segmentsIn(source);
    if (ids.length === 0) continue;
    await mkdir(target, { recursive: true });
    const locks = [await lockFolder(source), await lockFolder(target)];
    try {
      let id = nextId(await readdir(target));
      for (const old of ids) {
        await rename(join(source, segmentName(old)), join(target, segmentName(id)));
        // Without it, after a crash in between, some events come twice.
        await rename(join(source, doneName(old)), join(target, doneName(id))).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        });
        id += 1;
        moved += 1;
      }
    } finally {
      for (const lock of locks) await lock.release();
    }
  }
  return moved;
}
