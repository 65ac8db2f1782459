import { dirname } from 'node:path';
import { type Disk, errorCode } from './disk.js';
import { createFolderMaker } from './folder-maker.js';
import { type FolderSync, syncNearest } from './folder-sync.js';
import type { KeyPath } from './key-path.js';
import { createKeyedMutex } from './keyed-mutex.js';
import type { Found, ObjectPlaces } from './object-places.js';

/**
 * Changes the files under a bucket's folder: folders come and go with the objects in them. The renames of one bucket
 * happen one at a time, so that no folder is removed as empty while an object is being put into it.
 */
export interface BucketFolders {
  /**
   * Renames `from` to where the key belongs; it is so on disk when this resolves.
   * @param found what `find` gave for the key; since then nobody but this caller may have changed the key
   * @throws S3Error NoSuchBucket
   */
  place(bucket: string, key: string, from: string, found: Found): Promise<void>;
  /**
   * Renames the key's file to `to`, outside of the bucket, and removes the folders that are empty then; it is so on
   * disk when this resolves. Returns whether there was a file.
   */
  takeAway(bucket: string, key: string, to: string): Promise<boolean>;
  /** Runs while nothing is put in place or taken away. */
  exclusively<T>(bucket: string, work: () => Promise<T>): Promise<T>;
}

/** As in the folder maker: another process's renames in the same folders. */
const maxAttempts = 5;
const changedFolders = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY'];

/** Changes files at the places of `places`. */
export function createBucketFolders(places: ObjectPlaces, disk: Disk, sync: FolderSync): BucketFolders {
  const mutex = createKeyedMutex();
  const folders = createFolderMaker(places, disk, sync);

  /** Returns the folders that it made or does not know to be synced. */
  async function renameTo(bucket: string, place: KeyPath['file'], from: string): Promise<string[]> {
    try {
      const made = await folders.make(bucket, place.folders);
      await disk.rename(from, places.placePath(bucket, place));
      return made;
    } catch (error) {
      folders.forget(bucket, place.folders);
      throw error;
    }
  }

  return {
    async place(bucket, key, from, found) {
      const { place, made } = await mutex.run(bucket, async () => {
        let { place } = found;
        for (let attempt = 1; ; attempt++) {
          try {
            return { place, made: await renameTo(bucket, place, from) };
          } catch (error) {
            // A folder has come or gone, with other keys or by a person's hand: look again.
            if (!changedFolders.includes(errorCode(error) ?? '') || attempt === maxAttempts) throw error;
            ({ place } = await places.find(bucket, key));
          }
        }
      });
      const changed = new Set([places.placePath(bucket, place), ...made].map((path) => dirname(path)));
      await Promise.all([...changed].map((path) => sync(path)));
      folders.synced(made);
    },
    async takeAway(bucket, key, to) {
      const taken = await mutex.run(bucket, async () => {
        // Looked for only here: where it was before, there may be a folder by now, with other keys' objects in it.
        const { located } = await places.find(bucket, key);
        if (!located) return undefined;
        await disk.rename(located.path, to);
        await folders.prune(bucket, dirname(located.path));
        return located;
      });
      if (taken) await syncNearest(sync, dirname(taken.path), places.pathOf(bucket));
      return taken !== undefined;
    },
    exclusively: (bucket, work) =>
      mutex.run(bucket, async () => {
        folders.forgetAll();
        return work();
      }),
  };
}
