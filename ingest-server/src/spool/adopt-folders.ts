import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.js';
import { segmentIds } from './mend-folder.js';
import { nextId } from './open-folder.js';
import { damagedName, doneName, segmentName } from './segment.js';

/** The spool folder of process `slot` (from 1) of `slots`. */
export const spoolFolderOf = (folder: string, slot: number, slots: number) =>
  slots === 1 ? folder : join(folder, `worker-${slot}`);

const segmentsIn = async (folder: string): Promise<number[]> =>
  segmentIds(
    await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    }),
  );

/** The folders of a spool: its own, and those of server processes below it. */
export async function spoolFolders(folder: string): Promise<string[]> {
  const workers = (await readdir(folder)).filter((name) => /^worker-\d+$/.test(name)).sort();
  return [folder, ...workers.map((name) => join(folder, name))];
}

/**
 * After the number of processes has changed, moves the segments of folders that no process uses any more, and their
 * damage, into the first process's folder, so that they are delivered. Returns how many segments it moved.
 * @throws MillraceError SPOOL_IN_USE when another server uses one of the folders
 */
export async function adoptFolders(folder: string, slots: number): Promise<number> {
  await mkdir(folder, { recursive: true });
  const used = new Set(Array.from({ length: slots }, (_, i) => spoolFolderOf(folder, i + 1, slots)));
  const left = (await spoolFolders(folder)).filter((one) => !used.has(one));
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
        // After a crash in between, some events come twice.
        for (const nameOf of [segmentName, doneName, damagedName])
          await rename(join(source, nameOf(old)), join(target, nameOf(id))).catch((error: NodeJS.ErrnoException) => {
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
