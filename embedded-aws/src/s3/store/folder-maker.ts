import { dirname, join } from 'node:path';
import { noSuchBucket } from '../errors.js';
import { type Disk, errorCode } from './disk.js';
import type { FolderSync } from './folder-sync.js';
import { keyPath } from './key-path.js';
import type { ObjectPlaces } from './object-places.js';

/**
 * Makes the folders that objects lie in, and remembers those whose names are synced to the disk. Not for two calls at a
 * time in one bucket.
 */
export interface FolderMaker {
  /**
   * Makes the folders `names`, one in the other, and returns the paths whose names are not known to be synced.
   * @throws S3Error NoSuchBucket
   */
  make(bucket: string, names: readonly string[]): Promise<string[]>;
  /** The names of these folders are synced. */
  synced(paths: readonly string[]): void;
  /** Nothing is known any more of the bucket's folder and of `names` in it. */
  forget(bucket: string, names: readonly string[]): void;
  /** Nothing is known any more of any folder. */
  forgetAll(): void;
  /** Removes a folder, and those above it in the bucket, as far as they are empty. */
  prune(bucket: string, path: string): Promise<void>;
}

/** Remembers this many folders; then it starts over. */
const maxKnownFolders = 50_000;
/**
 * Another process's renames in the same folders make one start again; more often than this, something else is wrong.
 */
const maxAttempts = 5;

/** Makes folders in the buckets of `places`. */
export function createFolderMaker(places: ObjectPlaces, disk: Disk, sync: FolderSync): FolderMaker {
  const known = new Set<string>();

  /** Makes one folder. An object of its name moves to its place beside the folder. */
  async function makeFolder(bucket: string, path: string, name: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await disk.mkdir(join(path, name)).then(() => undefined);
      } catch (error) {
        if (errorCode(error) === 'ENOENT' && path === places.pathOf(bucket)) throw noSuchBucket(bucket);
        if (errorCode(error) !== 'EEXIST') throw error;
      }
      const existing = await places.look(join(path, name));
      if (existing === 'folder') return;
      if (existing === undefined || attempt === maxAttempts)
        throw new Error(`${join(path, name)} is neither a file nor a folder: remove it.`);
      await moveBeside(bucket, path, name);
    }
  }

  async function moveBeside(bucket: string, path: string, name: string): Promise<void> {
    const { beside } = keyPath(name);
    let at = path;
    for (const continued of beside.folders) {
      await makeFolder(bucket, at, continued);
      at = join(at, continued);
      known.delete(at);
      await sync(dirname(at));
    }
    await disk.rename(join(path, name), join(at, beside.name));
    await sync(at);
  }

  return {
    async make(bucket, names) {
      const made: string[] = [];
      let path = places.pathOf(bucket);
      if (!known.has(path)) {
        await places.require(bucket);
        made.push(path);
      }
      for (const name of names) {
        const parent = path;
        path = join(path, name);
        if (known.has(path)) continue;
        await makeFolder(bucket, parent, name);
        made.push(path);
      }
      return made;
    },
    synced(paths) {
      if (known.size > maxKnownFolders) known.clear();
      for (const path of paths) known.add(path);
    },
    forget(bucket, names) {
      let path = places.pathOf(bucket);
      known.delete(path);
      for (const name of names) {
        path = join(path, name);
        known.delete(path);
      }
    },
    forgetAll: () => known.clear(),
    async prune(bucket, path) {
      for (let at = path; at !== places.pathOf(bucket); at = dirname(at)) {
        try {
          known.delete(at);
          await disk.rmdir(at);
        } catch {
          // Not empty, as a rule. An empty folder that stays does no harm: no listing shows it.
          return;
        }
      }
    },
  };
}
