import { dirname, join } from 'node:path';
import { requireBucketName } from './bucket-name.js';
import { type Disk, errorCode, type FileIdentity, type FolderSync, syncNearest, unlessAbsent } from './disk.js';
import { noSuchBucket } from './errors.js';
import { type KeyPath, keyPath } from './key-path.js';
import { createKeyedMutex } from './keyed-mutex.js';

/** Where an object's file is, and what identifies its content. */
export interface Located extends FileIdentity {
  readonly path: string;
}

export interface Found {
  readonly located?: Located;
  /** Where the object is or, if there is none, would be written. */
  readonly place: KeyPath['file'];
}

/**
 * The files under one bucket's folder: finding them, putting one in place, taking one away. Folders come and go with the objects in them. The
 * renames of one bucket happen one at a time, so that no folder is removed as empty while something is being put in it.
 */
export interface BucketFolders {
  pathOf(bucket: string): string;
  /** @throws S3Error NoSuchBucket. */
  require(bucket: string): Promise<void>;
  find(bucket: string, key: string): Promise<Found>;
  /**
   * Renames `from` to where the key belongs; it is so on disk when this resolves.
   * @param found what `find` gave for the key, since when nobody but this caller has changed the key.
   * @throws S3Error NoSuchBucket.
   */
  place(bucket: string, key: string, from: string, found: Found): Promise<void>;
  /**
   * Renames the key's file, if there is one, to `to`, outside of the bucket, and removes folders that are empty then; it is so on disk when this
   * resolves. Gives whether there was one.
   */
  takeAway(bucket: string, key: string, to: string): Promise<boolean>;
  /** Runs while nothing is put in place or taken away. */
  exclusively<T>(bucket: string, work: () => Promise<T>): Promise<T>;
}

/** Folders whose own names are known to be on disk; more than this, and they are found out again. */
const maxKnownFolders = 50_000;
/** Others' renames in the same folders make one start again; more often than this, something else is wrong. */
const maxAttempts = 5;

export function createBucketFolders(options: { folder: string; disk: Disk; sync: FolderSync }): BucketFolders {
  const { folder: root, disk, sync } = options;
  const mutex = createKeyedMutex();
  const lasting = new Set<string>();
  const placePath = (bucket: string, place: KeyPath['file']) => join(pathOf(bucket), ...place.folders, place.name);

  /** Every path under the root begins here: a name that is none of a bucket, such as `..`, ends here. */
  function pathOf(bucket: string): string {
    requireBucketName(bucket);
    return join(root, bucket);
  }

  async function require(bucket: string): Promise<void> {
    const stat = await unlessAbsent(disk.lstat(pathOf(bucket)));
    if (!stat?.isDirectory()) throw noSuchBucket(bucket);
  }

  async function look(path: string): Promise<'folder' | Located | undefined> {
    const stat = await unlessAbsent(disk.lstat(path, { bigint: true }));
    if (stat?.isFile()) return { path, size: Number(stat.size), mtimeNs: stat.mtimeNs };
    return stat?.isDirectory() ? 'folder' : undefined;
  }

  async function find(bucket: string, key: string): Promise<Found> {
    const { file, beside } = keyPath(key);
    const plain = await look(placePath(bucket, file));
    if (plain !== undefined && plain !== 'folder') return { located: plain, place: file };
    if (file === beside) return { place: file };
    const escaped = await look(placePath(bucket, beside));
    if (escaped !== undefined && escaped !== 'folder') return { located: escaped, place: beside };
    return { place: plain === 'folder' ? beside : file };
  }

  /** Makes one folder; an object of its name yields to it. Whether its name is known to be on disk is what `lasting` says. */
  async function makeFolder(bucket: string, path: string, name: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await disk.mkdir(join(path, name)).then(() => undefined);
      } catch (error) {
        if (errorCode(error) === 'ENOENT' && path === pathOf(bucket)) throw noSuchBucket(bucket);
        if (errorCode(error) !== 'EEXIST') throw error;
      }
      const standing = await look(join(path, name));
      if (standing === 'folder') return;
      if (standing === undefined || attempt === maxAttempts)
        throw new Error(`${join(path, name)} is neither a file nor a folder; remove it.`);
      const { beside } = keyPath(name);
      let at = path;
      for (const continued of beside.folders) {
        await makeFolder(bucket, at, continued);
        at = join(at, continued);
        lasting.delete(at);
        await sync(dirname(at));
      }
      await disk.rename(join(path, name), join(at, beside.name));
      await sync(at);
    }
  }

  /** Makes the folders down to a place, and gives those whose names are not known to be on disk. */
  async function makeFolders(bucket: string, names: readonly string[]): Promise<string[]> {
    const made: string[] = [];
    let path = pathOf(bucket);
    if (!lasting.has(path)) {
      await require(bucket);
      made.push(path);
    }
    for (const name of names) {
      const parent = path;
      path = join(path, name);
      if (lasting.has(path)) continue;
      await makeFolder(bucket, parent, name);
      made.push(path);
    }
    return made;
  }

  function forget(bucket: string, names: readonly string[]): void {
    let path = pathOf(bucket);
    lasting.delete(path);
    for (const name of names) {
      path = join(path, name);
      lasting.delete(path);
    }
  }

  async function placeOnce(bucket: string, place: KeyPath['file'], from: string): Promise<string[]> {
    const made = await makeFolders(bucket, place.folders).catch((error) => {
      forget(bucket, place.folders);
      throw error;
    });
    try {
      await disk.rename(from, placePath(bucket, place));
    } catch (error) {
      forget(bucket, place.folders);
      throw error;
    }
    return [dirname(placePath(bucket, place)), ...made];
  }

  /** Removes the folders above a file as far as they are empty. */
  async function prune(bucket: string, from: string): Promise<void> {
    for (let at = from; at !== pathOf(bucket); at = dirname(at)) {
      try {
        lasting.delete(at);
        await disk.rmdir(at);
      } catch {
        // Not empty, as a rule. An empty folder that stays costs nothing: it is in no listing.
        return;
      }
    }
  }

  return {
    pathOf,
    require,
    find,
    async place(bucket, key, from, found) {
      const [leaf, ...made] = await mutex.run(bucket, async () => {
        let { place } = found;
        for (let attempt = 1; ; attempt++) {
          try {
            return await placeOnce(bucket, place, from);
          } catch (error) {
            // A folder has come or gone, with other keys or by a person's hand: look again.
            const again = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY'].includes(errorCode(error) ?? '');
            if (!again || attempt === maxAttempts) throw error;
            ({ place } = await find(bucket, key));
          }
        }
      });
      const changed = new Set([leaf!, ...made.map((path) => dirname(path))]);
      await Promise.all([...changed].map((path) => sync(path)));
      if (lasting.size > maxKnownFolders) lasting.clear();
      for (const path of made) lasting.add(path);
    },
    async takeAway(bucket, key, to) {
      const taken = await mutex.run(bucket, async () => {
        // Looked for here, and not before: where it was, there may be a folder by now, with other keys' objects in it.
        const { located } = await find(bucket, key);
        if (!located) return undefined;
        await disk.rename(located.path, to);
        await prune(bucket, dirname(located.path));
        return located;
      });
      if (taken) await syncNearest(sync, dirname(taken.path), pathOf(bucket));
      return taken !== undefined;
    },
    exclusively: (bucket, work) =>
      mutex.run(bucket, async () => {
        lasting.clear();
        return work();
      }),
  };
}
