import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Log } from '../../service.js';
import { damaged, S3Error } from '../errors.js';
import { type Disk, errorCode, type FileIdentity, unlessAbsent } from './disk.js';
import type { FolderSync } from './folder-sync.js';
import {
  decodeMetadata,
  encodeMetadata,
  hashOfKey,
  type MetadataFile,
  type ObjectMetadata,
  type Version,
} from './metadata-file.js';
import { replaceFile } from './temp-file.js';

/**
 * A file of metadata per key, `<metaFolder>/objects/<bucket>/<SHA-256 of the key>.json`. It may hold two versions: of
 * the file that exists and of the one that is about to replace it. The object's file decides which one counts. So data
 * and metadata change together, with the rename of that one file, and a process that dies before or after it leaves
 * nothing to repair.
 */
export interface MetadataStore {
  /**
   * The metadata of exactly this file; undefined for one that S3 did not write.
   * @throws S3Error InternalError naming the file that is damaged: the metadata, or the object's when its size is wrong
   */
  read(bucket: string, key: string, file: FileIdentity): Promise<ObjectMetadata | undefined>;
  /** Adds the next version, and keeps the current one. It is on disk when this resolves. */
  add(bucket: string, key: string, next: Addition, current: FileIdentity | undefined): Promise<void>;
  /** Keeps only the version that belongs to the existing file; none when there is no file. */
  reduce(bucket: string, keyHash: string, locate: (key: string) => Promise<FileIdentity | undefined>): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  /** Makes the bucket's folder of metadata; it is on disk when this resolves. */
  addBucket(bucket: string): Promise<void>;
  removeBucket(bucket: string): Promise<void>;
}

/** A version that is about to be put in place. */
export interface Addition {
  readonly file: FileIdentity;
  readonly metadata: ObjectMetadata;
}

/** About 10 MB. */
const maxRemembered = 20_000;

const matches = (version: Version, file: FileIdentity) =>
  version.size === file.size && version.mtimeNs === file.mtimeNs.toString();

/** A store in `folder`. It replaces files from `tempFolder`, which must be on the same file system. */
export function createMetadataStore(options: {
  folder: string;
  tempFolder: string;
  disk: Disk;
  sync: FolderSync;
  log: Log;
}): MetadataStore {
  const { folder, tempFolder, disk, sync, log } = options;
  const pathOf = (bucket: string, keyHash: string) => join(folder, bucket, `${keyHash}.json`);

  /** Recently read or written files, the oldest first: a listing needs one per key. No other process writes them. */
  const remembered = new Map<string, MetadataFile | undefined>();
  let changes = 0;
  /** Damaged files that the log has named. */
  const told = new Set<string>();

  function remember(path: string, file: MetadataFile | undefined): void {
    changes++;
    remembered.delete(path);
    told.delete(path);
    if (file) remembered.set(path, file);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= maxRemembered) break;
      remembered.delete(oldest);
    }
  }

  async function load(bucket: string, keyHash: string): Promise<MetadataFile | undefined> {
    const path = pathOf(bucket, keyHash);
    const known = remembered.get(path);
    if (known) return known;
    const before = changes;
    const file = await loadFile(path);
    // A file that was read while something changed may be outdated.
    if (file && changes === before) remember(path, file);
    return file;
  }

  async function loadFile(path: string): Promise<MetadataFile | undefined> {
    const text = await unlessAbsent(disk.readFile(path, 'utf8'));
    if (text === undefined) return undefined;
    try {
      return decodeMetadata(path, text);
    } catch (error) {
      // Also of a listing, which does not fail for it.
      if (!told.has(path)) log(`S3: ${(error as Error).message}`);
      told.add(path);
      throw damaged((error as Error).message);
    }
  }

  /** For who replaces or removes what is there: none where it is damaged. */
  const loadIfWhole = (bucket: string, keyHash: string): Promise<MetadataFile | undefined> =>
    load(bucket, keyHash).catch((error: unknown) => {
      if (!(error instanceof S3Error)) throw error;
      return undefined;
    });

  async function addBucket(bucket: string): Promise<void> {
    await disk.mkdir(join(folder, bucket), { recursive: true });
    await sync(folder);
  }

  async function save(bucket: string, keyHash: string, file: MetadataFile): Promise<void> {
    const path = pathOf(bucket, keyHash);
    const replace = () => replaceFile(disk, path, join(tempFolder, `${randomUUID()}.metadata`), encodeMetadata(file));
    try {
      await replace();
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      // A bucket's folder that a person made has no metadata folder yet.
      await addBucket(bucket);
      await replace();
    }
    remember(path, file);
    await sync(join(folder, bucket));
  }

  async function remove(bucket: string, keyHash: string): Promise<void> {
    const path = pathOf(bucket, keyHash);
    await unlessAbsent(disk.unlink(path));
    remember(path, undefined);
  }

  return {
    async read(bucket, key, file) {
      const versions = (await load(bucket, hashOfKey(key)))?.versions ?? [];
      const found = versions.find((version) => matches(version, file));
      const other = versions.find(({ mtimeNs }) => mtimeNs === file.mtimeNs.toString());
      if (!found && other)
        throw damaged(
          `The object ${key} of the bucket ${bucket} is damaged: its file has ${file.size} bytes, and ${other.size} were written. Put it again, or delete it.`,
        );
      return found;
    },
    async add(bucket, key, next, current) {
      const keyHash = hashOfKey(key);
      const known =
        current && (await loadIfWhole(bucket, keyHash))?.versions.find((version) => matches(version, current));
      const added: Version = { size: next.file.size, mtimeNs: next.file.mtimeNs.toString(), ...next.metadata };
      await save(bucket, keyHash, { key, versions: known ? [added, known] : [added] });
    },
    async reduce(bucket, keyHash, locate) {
      const known = await loadIfWhole(bucket, keyHash);
      if (!known) return;
      const file = await locate(known.key);
      const kept = file ? known.versions.filter((version) => matches(version, file)) : [];
      if (kept.length === known.versions.length) return;
      if (kept.length > 0) await save(bucket, keyHash, { key: known.key, versions: kept });
      else await remove(bucket, keyHash);
    },
    remove: (bucket, key) => remove(bucket, hashOfKey(key)),
    addBucket,
    async removeBucket(bucket) {
      changes++;
      remembered.clear();
      await disk.rm(join(folder, bucket), { recursive: true, force: true });
    },
  };
}
