import { join } from 'node:path';
import type { Log } from '../../service.js';
import { createBucketFolders } from './bucket-folders.js';
import { type Bucket, createBuckets } from './buckets.js';
import { recoverFromCrash } from './crash-recovery.js';
import { type Disk, nodeDisk } from './disk.js';
import { createFolderSync } from './folder-sync.js';
import { createMetadataStore } from './metadata.js';
import { createObjectPlaces } from './object-places.js';
import { createObjectReader, type ObjectReader } from './object-reader.js';
import { createObjectWriter, type ObjectWriter } from './object-writer.js';
import { ensureFolder, requireOneFileSystem } from './prepare-folders.js';
import type { StoredObject } from './stored-object.js';
import { createRequireWhole, type RequireWhole } from './verify-content.js';
import { type Walked, type WalkOptions, walk } from './walk.js';

/**
 * Buckets and objects as files. An object changes by one rename: its bytes and its metadata are on disk before it, and
 * the rename is on disk before the call resolves. So every reader, also one after a crash, sees the old object or the
 * new one, whole.
 */
export interface ObjectStore extends ObjectWriter, Omit<ObjectReader, 'look'> {
  createBucket(bucket: string): Promise<'created' | 'there'>;
  /** @throws S3Error NoSuchBucket */
  requireBucket(bucket: string): Promise<void>;
  /** Sorted by name. */
  listBuckets(): Promise<Bucket[]>;
  /** @throws S3Error NoSuchBucket, BucketNotEmpty */
  deleteBucket(bucket: string): Promise<void>;
  /** @throws S3Error NoSuchBucket; InternalError when the object's metadata is damaged */
  head(bucket: string, key: string): Promise<StoredObject | undefined>;
  walk(bucket: string, options: WalkOptions): AsyncIterable<Walked>;
  /** Reads an open object to its end. @throws S3Error InternalError when it is damaged */
  readonly requireWhole: RequireWhole;
}

/**
 * Opens the store on two folders, which it makes, and recovers from a crash.
 * @throws MillraceError `STATE_UNREADABLE` when the folders are files, not writable, or on two file systems
 */
export async function openObjectStore(options: {
  folder: string;
  metaFolder: string;
  log: Log;
  disk?: Disk;
}): Promise<ObjectStore> {
  const { folder, metaFolder, log, disk = nodeDisk } = options;
  const tempFolder = join(metaFolder, 'tmp');
  const metadataFolder = join(metaFolder, 'objects');
  await ensureFolder(disk, folder, 'S3 folder');
  for (const path of [metaFolder, tempFolder, metadataFolder]) await ensureFolder(disk, path, 'S3 metadata folder');
  await requireOneFileSystem(disk, folder, tempFolder);

  const sync = createFolderSync(disk);
  const metadata = createMetadataStore({ folder: metadataFolder, tempFolder, disk, sync, log });
  const places = createObjectPlaces(folder, disk);
  await recoverFromCrash(tempFolder, places, metadata, disk, log);

  const folders = createBucketFolders(places, disk, sync);
  const { look, ...reader } = createObjectReader(places, metadata, disk);
  const buckets = createBuckets({ folder, places, folders, metadata, disk, sync });
  return {
    createBucket: buckets.create,
    requireBucket: places.require,
    listBuckets: buckets.list,
    deleteBucket: buckets.delete,
    async head(bucket, key) {
      const { object, damage } = await look(bucket, key);
      if (damage) throw damage;
      if (!object) await places.require(bucket);
      return object;
    },
    walk: (bucket, walkOptions) => walk(disk, places.pathOf(bucket), walkOptions),
    requireWhole: createRequireWhole(),
    ...reader,
    ...createObjectWriter({ places, folders, metadata, reader: { look, ...reader }, disk, tempFolder }),
  };
}
