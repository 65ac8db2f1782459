import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
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

/** Reads objects with the metadata that belongs to their files, also while others replace both. */
export interface ObjectReader {
  /** The object, if it exists, and its place. */
  look(bucket: string, key: string): Promise<{ found: Found; object?: StoredObject }>;
  /** @throws S3Error NoSuchBucket */
  open(bucket: string, key: string): Promise<OpenObject | undefined>;
  /** The objects that a listing found, without those that were deleted since. */
  describe(bucket: string, found: readonly { key: string; path: string }[]): Promise<StoredObject[]>;
}

const describedAtOnce = 16;
/** A put between the look at a file and the look at its metadata makes one look again. */
const maxLooks = 4;

/** Reads at the places of `places`. */
export function createObjectReader(places: ObjectPlaces, metadata: MetadataStore, disk: Disk): ObjectReader {
  async function look(bucket: string, key: string): Promise<{ found: Found; object?: StoredObject }> {
    let before: Located | undefined;
    for (let i = 0; ; i++) {
      const found = await places.find(bucket, key);
      const { located } = found;
      if (!located) return { found };
      const known = await metadata.read(bucket, key, located);
      if (known || (before && isSameFile(before, located)) || i === maxLooks)
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
      const known = await metadata.read(bucket, key, file);
      if (known || (before && isSameFile(before, file)) || i === maxLooks)
        return { object: storedObject(key, file, known), handle };
      before = file;
      await handle.close();
    }
  }

  async function describeOne(bucket: string, key: string, path: string): Promise<StoredObject | undefined> {
    const stat = await unlessAbsent(disk.lstat(path, { bigint: true }));
    if (!stat?.isFile()) return undefined;
    const file = { size: Number(stat.size), mtimeNs: stat.mtimeNs };
    const known = await metadata.read(bucket, key, file);
    return known ? storedObject(key, file, known) : (await look(bucket, key)).object;
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
