import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { S3Error } from '../errors.js';
import { type Disk, type FileIdentity, isSameFile, unlessAbsent } from './disk.js';
import type { MetadataStore } from './metadata.js';
import type { Found, Located, ObjectPlaces } from './object-places.js';
import { type StoredObject, storedObject } from './stored-object.js';

/** An object whose bytes can be read. */
export interface OpenObject {
  readonly object: StoredObject;
  /** The caller closes it. */
  readonly handle: FileHandle;
}

/** What a look at a key found. */
export interface Look {
  found: Found;
  object?: StoredObject;
  /** There is an object, and what is known of it is damaged: who needs to know it throws this. */
  damage?: S3Error;
}

/** Reads objects with the metadata that belongs to their files, also while others replace both. */
export interface ObjectReader {
  /** The object, if it exists, and its place. */
  look(bucket: string, key: string): Promise<Look>;
  /** @throws S3Error NoSuchBucket; InternalError when the object or its metadata is damaged */
  open(bucket: string, key: string): Promise<OpenObject | undefined>;
  /**
   * The objects that a listing found, without those that were deleted since. One whose metadata is damaged is listed
   * with default metadata, for the sake of the others.
   */
  describe(bucket: string, found: readonly { key: string; path: string }[]): Promise<StoredObject[]>;
}

const describedAtOnce = 16;
/** A put between the look at a file and the look at its metadata makes one look again. */
const maxLooks = 4;

/** @throws whatever is no damage */
function asDamage(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  throw error;
}

/** Reads at the places of `places`. */
export function createObjectReader(places: ObjectPlaces, metadata: MetadataStore, disk: Disk): ObjectReader {
  async function look(bucket: string, key: string): Promise<Look> {
    let before: Located | undefined;
    for (let i = 0; ; i++) {
      const found = await places.find(bucket, key);
      const { located } = found;
      if (!located) return { found };
      const known = await metadata.read(bucket, key, located).catch(asDamage);
      if (known instanceof S3Error) {
        if ((before && isSameFile(before, located)) || i === maxLooks) return { found, damage: known };
      } else if (known || (before && isSameFile(before, located)) || i === maxLooks)
        return { found, object: storedObject(key, located, known) };
      before = located;
    }
  }

  async function open(bucket: string, key: string): Promise<OpenObject | undefined> {
    let before: FileIdentity | undefined;
    for (let i = 0; ; i++) {
      const { located } = await places.find(bucket, key);
      if (!located) {
        await places.require(bucket);
        return undefined;
      }
      const handle = await unlessAbsent(disk.open(located.path, constants.O_RDONLY | constants.O_NOFOLLOW));
      if (!handle) continue;
      const stat = await handle.stat({ bigint: true });
      // Of the file that is open: the one that was found may have been replaced since.
      const file = { size: Number(stat.size), mtimeNs: stat.mtimeNs };
      const known = await metadata.read(bucket, key, file).catch(asDamage);
      const isKnown = known !== undefined && !(known instanceof S3Error);
      if (isKnown) return { object: storedObject(key, file, known), handle };
      const isSame = (before && isSameFile(before, file)) || i === maxLooks;
      if (isSame && known === undefined) return { object: storedObject(key, file, known), handle };
      before = file;
      await handle.close();
      if (isSame && known !== undefined) throw known;
    }
  }

  async function describeOne(bucket: string, key: string, path: string): Promise<StoredObject | undefined> {
    const stat = await unlessAbsent(disk.lstat(path, { bigint: true }));
    if (!stat?.isFile()) return undefined;
    const file = { size: Number(stat.size), mtimeNs: stat.mtimeNs };
    const known = await metadata.read(bucket, key, file).catch(asDamage);
    if (known && !(known instanceof S3Error)) return storedObject(key, file, known);
    const { object, damage } = await look(bucket, key);
    return damage ? storedObject(key, file, undefined) : object;
  }

  return {
    look,
    open,
    async describe(bucket, found) {
      const objects: (StoredObject | undefined)[] = [];
      const waiting = found.entries();
      const worker = async () => {
        for (const [i, { key, path }] of waiting) objects[i] = await describeOne(bucket, key, path);
      };
      await Promise.all(Array.from({ length: Math.min(describedAtOnce, found.length) }, worker));
      return objects.filter((object) => object !== undefined);
    },
  };
}
