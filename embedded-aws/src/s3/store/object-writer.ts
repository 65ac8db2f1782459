import { join } from 'node:path';
import type { BucketFolders } from './bucket-folders.js';
import { type Disk, type FileIdentity, isSameFile } from './disk.js';
import { createKeyedMutex } from './keyed-mutex.js';
import type { MetadataStore } from './metadata.js';
import { hashOfKey, type ObjectMetadata } from './metadata-file.js';
import type { ObjectPlaces } from './object-places.js';
import type { ObjectReader } from './object-reader.js';
import { type StoredObject, storedObject } from './stored-object.js';
import { createTempFile, type TempFile } from './temp-file.js';
import { tempName } from './temp-names.js';

/** Throws when the operation must not go on, given the object that exists. It and the change are one step. */
export type Condition = (current: StoredObject | undefined) => void;

/** Changes objects, one change per key at a time. */
export interface ObjectWriter {
  /**
   * A file to write an object's content to, for `put`. The caller discards it in the end; after a `put` that does
   * nothing.
   */
  newTempFile(bucket: string, key: string): Promise<TempFile>;
  put(
    bucket: string,
    key: string,
    content: TempFile,
    metadata: ObjectMetadata,
    condition?: Condition,
  ): Promise<StoredObject>;
  /** Deleting an object that does not exist is a success. @throws S3Error NoSuchBucket */
  delete(bucket: string, key: string, condition?: Condition): Promise<void>;
}

/** What a writer works with. */
export interface WriterParts {
  places: ObjectPlaces;
  folders: BucketFolders;
  metadata: MetadataStore;
  reader: ObjectReader;
  disk: Disk;
  /** On the same file system as the buckets. */
  tempFolder: string;
}

/** Makes a writer. */
export function createObjectWriter({ places, folders, metadata, reader, disk, tempFolder }: WriterParts): ObjectWriter {
  const keys = createKeyedMutex();
  const tempPath = (bucket: string, key: string) => join(tempFolder, tempName(bucket, key));
  const locate = async (bucket: string, key: string) => (await places.find(bucket, key)).located;

  async function put(
    bucket: string,
    key: string,
    content: TempFile,
    given: ObjectMetadata,
    condition: Condition | undefined,
  ): Promise<StoredObject> {
    const { found, object: current, damage } = await reader.look(bucket, key);
    if (condition && damage) throw damage;
    condition?.(current);
    let file: FileIdentity = await content.finish();
    // How fine the times are depends on the file system.
    for (let ns = 1000n; found.located && isSameFile(file, found.located); ns *= 10n) file = await content.moveTime(ns);
    try {
      await allDone([content.sync(), metadata.add(bucket, key, { file, metadata: given }, found.located)]);
      await folders.place(bucket, key, content.path, found);
      content.release();
    } catch (error) {
      // As crash recovery does. If it fails too, the next start does it.
      await metadata.reduce(bucket, hashOfKey(key), (name) => locate(bucket, name)).catch(() => undefined);
      throw error;
    }
    return storedObject(key, file, given);
  }

  async function remove(bucket: string, key: string, condition: Condition | undefined): Promise<void> {
    const { object, damage } = await reader.look(bucket, key);
    if (condition && damage) throw damage;
    if (!object && !damage) await places.require(bucket);
    condition?.(object);
    // More than once only where a person's copy has put the object in both of its places.
    for (let taken = tempPath(bucket, key); await folders.takeAway(bucket, key, taken); taken = tempPath(bucket, key)) {
      await metadata.remove(bucket, key);
      await disk.unlink(taken);
    }
  }

  return {
    newTempFile: (bucket, key) => createTempFile(disk, tempPath(bucket, key)),
    put: (bucket, key, content, given, condition) =>
      keys.run(`${bucket}/${key}`, () => put(bucket, key, content, given, condition)),
    delete: (bucket, key, condition) => keys.run(`${bucket}/${key}`, () => remove(bucket, key, condition)),
  };
}

/** Like Promise.all, but waits for all before it throws: the next put of the key must not meet the rest of this one. */
async function allDone(works: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}
