import { dirname } from 'node:path';
import { type Disk, errorCode } from './disk.js';

/** Syncs a folder, so that the names in it survive a power cut. */
export type FolderSync = (folder: string) => Promise<void>;

/**
 * While a sync of a folder is running, all callers who want that folder synced share the next one, so that many small
 * puts need few syncs. They cannot share the running one: it may have begun before their rename.
 */
export function createFolderSync(disk: Disk): FolderSync {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  async function syncNow(folder: string): Promise<void> {
    // Windows has no call for it: there, NTFS's journal decides what survives a power cut.
    if (process.platform === 'win32') return;
    const handle = await disk.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  function start(folder: string): Promise<void> {
    const sync = syncNow(folder).finally(() => running.delete(folder));
    running.set(folder, sync);
    return sync;
  }

  return (folder) => {
    const current = running.get(folder);
    if (!current) return start(folder);
    let next = waiting.get(folder);
    if (!next) {
      next = current
        .catch(() => undefined)
        .then(() => {
          waiting.delete(folder);
          return start(folder);
        });
      waiting.set(folder, next);
    }
    return next;
  };
}

/** Syncs a folder or, when it is gone, the nearest one above it that exists, up to `root`. */
export async function syncNearest(sync: FolderSync, folder: string, root: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return await sync(at);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || at === root || at === dirname(at)) throw error;
    }
  }
}
