import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../service.js';
import { createBucketFolders, type Found, type Located } from './bucket-folders.js';
import { isBucketName } from './bucket-name.js';
import {
  createFolderSync,
  createTempFile,
  type Disk,
  errorCode,
  type FileIdentity,
  nodeDisk,
  type TempFile,
  unlessAbsent,
} from './disk.js';
import { S3Error } from './errors.js';
import { createKeyedMutex } from './keyed-mutex.js';
import { createMetadataStore, hashOfKey, type ObjectMetadata } from './metadata.js';
import { type Walked, type WalkOptions, walk } from './walk.js';

export interface StoredObject extends ObjectMetadata {
  readonly key: string;
  readonly size: number;
  /** Whole seconds, as S3 gives it. */
  readonly lastModified: Date;
}

export interface OpenObject {
  readonly object: StoredObject;
  /** The caller closes it. */
  readonly handle: FileHandle;
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: Date;
}

/** Throws when the operation must not go on, given the object that is there. It and the change are one step. */
export type Condition = (current: StoredObject | undefined) => void;

/**
 * Buckets and objects as files. An object changes by one rename: its bytes and its metadata were on disk before, and the rename is on disk
 * before the call resolves. So whoever reads, and whoever looks after a crash, sees the old object or the new one, whole.
 *
 * Temp files are named `<bucket>.<hash of the key>.<anything>`: one that a crash left behind names the object that was being changed, whose
 * metadata is then cut down to what belongs to its file.
 */
export interface ObjectStore {
  createBucket(bucket: string): Promise<'created' | 'there'>;
  /** @throws S3Error NoSuchBucket. */
  requireBucket(bucket: string): Promise<void>;
  listBuckets(): Promise<Bucket[]>;
  /** @throws S3Error NoSuchBucket, BucketNotEmpty. */
  deleteBucket(bucket: string): Promise<void>;
  /** A file to write an object's content to, for `put`. Whoever makes one discards it in the end; after a `put` that does nothing. */
  newTempFile(bucket: string, key: string): Promise<TempFile>;
  put(
    bucket: string,
    key: string,
    content: TempFile,
    metadata: ObjectMetadata,
    condition?: Condition,
  ): Promise<StoredObject>;
  head(bucket: string, key: string): Promise<StoredObject | undefined>;
  open(bucket: string, key: string): Promise<OpenObject | undefined>;
  delete(bucket: string, key: string, condition?: Condition): Promise<void>;
  walk(bucket: string, options: WalkOptions): AsyncIterable<Walked>;
  /** The objects that a listing found, less those that have gone since. */
  describe(bucket: string, found: readonly { key: string; path: string }[]): Promise<StoredObject[]>;
}

const describedAtOnce = 16;
/** Another's put between the look at a file and the look at its metadata makes one look again. */
const maxLooks = 4;

/** @throws Error when the folders cannot be used: no folders, not writable, or on two file systems. */
export async function openObjectStore(options: {
  folder: string;
  metaFolder: string;
  log: Log;
  disk?: Disk;
}): Promise<ObjectStore> {
  const { folder, metaFolder, log, disk = nodeDisk } = options;
  const tempFolder = join(metaFolder, 'tmp');
  const sync = createFolderSync(disk);
  const folders = createBucketFolders({ folder, disk, sync });
  const metadata = createMetadataStore({ folder: join(metaFolder, 'objects'), tempFolder, disk, sync, log });
  const keys = createKeyedMutex();

  await makeFolder(disk, folder, 'S3 folder');
  for (const path of [metaFolder, tempFolder, join(metaFolder, 'objects')])
    await makeFolder(disk, path, 'S3 metadata folder');
  await requireOneFileSystem(disk, folder, tempFolder);
  await recover();

  const withKey = <T>(bucket: string, key: string, work: () => Promise<T>) => keys.run(`${bucket}/${key}`, work);
  const tempName = (bucket: string, key: string) => join(tempFolder, `${bucket}.${hashOfKey(key)}.${randomUUID()}`);

  /** Removes what a process that died left behind. */
  async function recover(): Promise<void> {
    const left = await disk.readdir(tempFolder);
    for (const name of left) {
      const [, bucket, keyHash] = /^(.+)\.([0-9a-f]{64})\.[^.]+$/.exec(name) ?? [];
      if (bucket !== undefined && keyHash !== undefined && isBucketName(bucket))
        await metadata.reduce(bucket, keyHash, (key) => locate(bucket, key));
      await unlessAbsent(disk.unlink(join(tempFolder, name)));
    }
    if (left.length > 0) log(`S3: removed ${left.length} temporary file(s) of changes that a process did not finish.`);
  }

  async function locate(bucket: string, key: string): Promise<Located | undefined> {
    return (await folders.find(bucket, key)).located;
  }

  /** The object, if any, with the metadata that belongs to its file, even while others replace both. */
  async function look(bucket: string, key: string): Promise<{ found: Found; object?: StoredObject }> {
    let before: Located | undefined;
    for (let i = 0; ; i++) {
      const found = await folders.find(bucket, key);
      const { located } = found;
      if (!located) return { found };
      const known = await metadata.read(bucket, key, located);
      if (known || (before && same(before, located)) || i === maxLooks)
        return { found, object: stored(key, located, known) };
      before = located;
    }
  }

  async function bucketNamed(name: string): Promise<Bucket | undefined> {
    const stat = await unlessAbsent(disk.lstat(folders.pathOf(name)));
    return stat?.isDirectory() ? { name, createdAt: wholeSeconds(stat.birthtimeMs || stat.mtimeMs) } : undefined;
  }

  return {
    async createBucket(bucket) {
      try {
        await disk.mkdir(folders.pathOf(bucket));
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
        await folders.require(bucket);
        return 'there';
      }
      await disk.mkdir(join(metaFolder, 'objects', bucket), { recursive: true });
      await Promise.all([sync(folder), sync(join(metaFolder, 'objects'))]);
      return 'created';
    },

    requireBucket: (bucket) => folders.require(bucket),

    async listBuckets() {
      const entries = await disk.readdir(folder, { withFileTypes: true });
      const names = entries
        .filter((entry) => entry.isDirectory() && isBucketName(entry.name))
        .map((entry) => entry.name);
      const buckets = await Promise.all(names.sort().map(bucketNamed));
      return buckets.filter((bucket) => bucket !== undefined);
    },

    async deleteBucket(bucket) {
      await folders.exclusively(bucket, async () => {
        await folders.require(bucket);
        const all = walk(disk, folders.pathOf(bucket), { prefix: '', after: '', rollUpFolders: false });
        if (!(await all.next()).done) throw bucketNotEmpty(bucket);
        await removeEmptyFolders(disk, folders.pathOf(bucket)).catch((error) => {
          throw errorCode(error) === 'ENOTEMPTY' ? bucketNotEmpty(bucket) : error;
        });
      });
      await sync(folder);
      await metadata.removeBucket(bucket);
    },

    newTempFile: (bucket, key) => createTempFile(disk, tempName(bucket, key)),

    put: (bucket, key, content, given, condition) =>
      withKey(bucket, key, async () => {
        const { found, object: current } = await look(bucket, key);
        condition?.(current);
        let file: FileIdentity = await content.finish();
        // How fine the times are depends on the file system.
        for (let ns = 1000n; found.located && same(file, found.located); ns *= 10n) file = await content.moveTime(ns);
        try {
          await allDone([content.sync(), metadata.add(bucket, key, { file, metadata: given }, found.located)]);
          await folders.place(bucket, key, content.path, found);
          content.release();
        } catch (error) {
          // As in `recover`, and as well as it goes: what failed is reported, and the next start tidies what is left.
          await metadata.reduce(bucket, hashOfKey(key), (name) => locate(bucket, name)).catch(() => undefined);
          throw error;
        }
        return stored(key, file, given);
      }),

    async head(bucket, key) {
      const { object } = await look(bucket, key);
      if (!object) await folders.require(bucket);
      return object;
    },

    async open(bucket, key) {
      let before: FileIdentity | undefined;
      for (let i = 0; ; i++) {
        const located = await locate(bucket, key);
        if (!located) {
          await folders.require(bucket);
          return undefined;
        }
        const handle = await unlessAbsent(disk.open(located.path, constants.O_RDONLY | constants.O_NOFOLLOW));
        if (!handle) continue;
        const stat = await handle.stat({ bigint: true });
        // What counts is the file that is open; the one that was found may have been replaced since.
        const file = { size: Number(stat.size), mtimeNs: stat.mtimeNs };
        const known = await metadata.read(bucket, key, file);
        if (known || (before && same(before, file)) || i === maxLooks)
          return { object: stored(key, file, known), handle };
        before = file;
        await handle.close();
      }
    },

    delete: (bucket, key, condition) =>
      withKey(bucket, key, async () => {
        const { object } = await look(bucket, key);
        if (!object) await folders.require(bucket);
        condition?.(object);
        // More than once only where a person's copy has put the object in both of its places.
        for (
          let taken = tempName(bucket, key);
          await folders.takeAway(bucket, key, taken);
          taken = tempName(bucket, key)
        ) {
          await metadata.remove(bucket, key);
          await disk.unlink(taken);
        }
      }),

    walk: (bucket, walkOptions) => walk(disk, folders.pathOf(bucket), walkOptions),

    async describe(bucket, found) {
      const objects: (StoredObject | undefined)[] = [];
      let next = 0;
      const worker = async () => {
        for (let i = next++; i < found.length; i = next++) {
          const { key, path } = found[i]!;
          const stat = await unlessAbsent(disk.lstat(path, { bigint: true }));
          if (!stat?.isFile()) continue;
          const file = { size: Number(stat.size), mtimeNs: stat.mtimeNs };
          const known = await metadata.read(bucket, key, file);
          objects[i] = known ? stored(key, file, known) : (await look(bucket, key)).object;
        }
      };
      await Promise.all(Array.from({ length: Math.min(describedAtOnce, found.length) }, worker));
      return objects.filter((object) => object !== undefined);
    },
  };
}

/** As Promise.all, but what was begun has ended before this throws: the next put of the key must not meet what is left of this one. */
async function allDone(works: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}

const same = (a: FileIdentity, b: FileIdentity) => a.size === b.size && a.mtimeNs === b.mtimeNs;

const wholeSeconds = (ms: number) => new Date(Math.floor(ms / 1000) * 1000);

const bucketNotEmpty = (bucket: string) =>
  new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409, { BucketName: bucket });

/**
 * A file that S3 did not write, such as one that a person copied in, has S3's default type, and an ETag that changes with the file; its `-1` says,
 * as for an object that was uploaded in parts, that it is no MD5.
 */
function stored(key: string, file: FileIdentity, known: ObjectMetadata | undefined): StoredObject {
  const lastModified = wholeSeconds(Number(file.mtimeNs / 1_000_000n));
  if (known) return { ...known, key, size: file.size, lastModified };
  const etag = `${createHash('md5').update(`${file.size} ${file.mtimeNs}`).digest('hex')}-1`;
  return { key, size: file.size, lastModified, etag, headers: {}, user: {} };
}

async function makeFolder(disk: Disk, path: string, what: string): Promise<void> {
  try {
    await disk.mkdir(path, { recursive: true });
  } catch (error) {
    const why =
      errorCode(error) === 'EEXIST' || errorCode(error) === 'ENOTDIR' ? 'a file is in its place' : String(error);
    throw new Error(`The ${what} ${path} cannot be used: ${why}. Move it away, or choose another folder.`);
  }
}

async function requireOneFileSystem(disk: Disk, folder: string, tempFolder: string): Promise<void> {
  const [data, temp] = await Promise.all([disk.lstat(folder), disk.lstat(tempFolder)]);
  if (data.dev !== temp.dev)
    throw new Error(
      `The S3 folder ${folder} and its metadata folder ${tempFolder} are on two file systems, so no object could be put in place in one step. ` +
        'Choose two folders of one file system.',
    );
}

/** @throws ENOTEMPTY when something that is no object, such as a symbolic link, is in one of them. */
async function removeEmptyFolders(disk: Disk, path: string): Promise<void> {
  for (const entry of await disk.readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeEmptyFolders(disk, join(path, entry.name));
  await disk.rmdir(path);
}
