import { join } from 'node:path';
import { requireBucketName } from '../bucket-name.js';
import { noSuchBucket } from '../errors.js';
import { type Disk, type FileIdentity, unlessAbsent } from './disk.js';
import { type KeyPath, keyPath } from './key-path.js';

/** Where an object's file is, and what identifies its content. */
export interface Located extends FileIdentity {
  readonly path: string;
}

/** What a search for a key found. */
export interface Found {
  /** Undefined when the object does not exist. */
  readonly located?: Located;
  /** Where the object is or, if there is none, would be written. */
  readonly place: KeyPath['file'];
}

/** Looks for the files of keys; changes nothing. */
export interface ObjectPlaces {
  /** The bucket's folder. @throws S3Error InvalidBucketName for a name such as `..` */
  pathOf(bucket: string): string;
  placePath(bucket: string, place: KeyPath['file']): string;
  /** @throws S3Error NoSuchBucket */
  require(bucket: string): Promise<void>;
  find(bucket: string, key: string): Promise<Found>;
  /** What is at a path; undefined for nothing, and for what is neither file nor folder. */
  look(path: string): Promise<'folder' | Located | undefined>;
}

/** The places under `root`, which has a folder per bucket. */
export function createObjectPlaces(root: string, disk: Disk): ObjectPlaces {
  /** Every path under the root starts here, so no name leads out of it. */
  function pathOf(bucket: string): string {
    requireBucketName(bucket);
    return join(root, bucket);
  }

  const placePath = (bucket: string, place: KeyPath['file']) => join(pathOf(bucket), ...place.folders, place.name);

  async function look(path: string): Promise<'folder' | Located | undefined> {
    const stat = await unlessAbsent(disk.lstat(path, { bigint: true }));
    if (stat?.isFile()) return { path, size: Number(stat.size), mtimeNs: stat.mtimeNs };
    return stat?.isDirectory() ? 'folder' : undefined;
  }

  return {
    pathOf,
    placePath,
    look,
    async require(bucket) {
      const stat = await unlessAbsent(disk.lstat(pathOf(bucket)));
      if (!stat?.isDirectory()) throw noSuchBucket(bucket);
    },
    async find(bucket, key) {
      const { file, beside } = keyPath(key);
      const plain = await look(placePath(bucket, file));
      if (plain !== undefined && plain !== 'folder') return { located: plain, place: file };
      if (file === beside) return { place: file };
      const escaped = await look(placePath(bucket, beside));
      if (escaped !== undefined && escaped !== 'folder') return { located: escaped, place: beside };
      return { place: plain === 'folder' ? beside : file };
    },
  };
}
