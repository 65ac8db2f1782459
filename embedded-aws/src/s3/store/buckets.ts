import { join } from 'node:path';
import { isBucketName } from '../bucket-name.js';
import { S3Error } from '../errors.js';
import type { BucketFolders } from './bucket-folders.js';
import { type Disk, errorCode, unlessAbsent } from './disk.js';
import type { FolderSync } from './folder-sync.js';
import type { MetadataStore } from './metadata.js';
import type { ObjectPlaces } from './object-places.js';
import { wholeSeconds } from './stored-object.js';
import { walk } from './walk.js';

/** A bucket, as a listing shows it. */
export interface Bucket {
  readonly name: string;
  readonly createdAt: Date;
}

/** Creates, lists and deletes buckets: folders in `folder`. */
export interface Buckets {
  create(bucket: string): Promise<'created' | 'there'>;
  list(): Promise<Bucket[]>;
  /** @throws S3Error NoSuchBucket, BucketNotEmpty */
  delete(bucket: string): Promise<void>;
}

/** What the buckets are made with. */
export interface BucketParts {
  folder: string;
  places: ObjectPlaces;
  folders: BucketFolders;
  metadata: MetadataStore;
  disk: Disk;
  sync: FolderSync;
}

/** The buckets in `folder`. */
export function createBuckets({ folder, places, folders, metadata, disk, sync }: BucketParts): Buckets {
  async function bucketNamed(name: string): Promise<Bucket | undefined> {
    const stat = await unlessAbsent(disk.lstat(places.pathOf(name)));
    return stat?.isDirectory() ? { name, createdAt: wholeSeconds(stat.birthtimeMs || stat.mtimeMs) } : undefined;
  }

  return {
    async create(bucket) {
      try {
        await disk.mkdir(places.pathOf(bucket));
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
        await places.require(bucket);
        return 'there';
      }
      await Promise.all([sync(folder), metadata.addBucket(bucket)]);
      return 'created';
    },
    async list() {
      const entries = await disk.readdir(folder, { withFileTypes: true });
      const names = entries
        .filter((entry) => entry.isDirectory() && isBucketName(entry.name))
        .map((entry) => entry.name);
      const buckets = await Promise.all(names.sort().map(bucketNamed));
      return buckets.filter((bucket) => bucket !== undefined);
    },
    async delete(bucket) {
      await folders.exclusively(bucket, async () => {
        await places.require(bucket);
        const all = walk(disk, places.pathOf(bucket), { prefix: '', after: '', rollUpFolders: false });
        if (!(await all.next()).done) throw bucketNotEmpty(bucket);
        await removeEmptyFolders(disk, places.pathOf(bucket)).catch((error) => {
          throw errorCode(error) === 'ENOTEMPTY' ? bucketNotEmpty(bucket) : error;
        });
      });
      await sync(folder);
      await metadata.removeBucket(bucket);
    },
  };
}

const bucketNotEmpty = (bucket: string) =>
  new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409, { BucketName: bucket });

/** @throws ENOTEMPTY when one of them holds something that is not an object, such as a symbolic link */
async function removeEmptyFolders(disk: Disk, path: string): Promise<void> {
  for (const entry of await disk.readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeEmptyFolders(disk, join(path, entry.name));
  await disk.rmdir(path);
}
