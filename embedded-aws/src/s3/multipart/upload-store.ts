import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Log } from '../../service.js';
import type { ChecksumAlgorithm, ChecksumType } from '../checksums.js';
import { noSuchUpload, S3Error } from '../errors.js';
import { type Disk, nodeDisk, unlessAbsent } from '../store/disk.js';
import { createFolderSync } from '../store/folder-sync.js';
import { createKeyedMutex } from '../store/keyed-mutex.js';
import type { ObjectMetadata } from '../store/metadata-file.js';
import { createTempFile, replaceFile, type TempFile } from '../store/temp-file.js';
import { decodeUploadFile, encodeUploadFile } from './upload-file.js';

/** A multipart upload. */
export interface Upload {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly initiated: number;
  readonly metadata: Pick<ObjectMetadata, 'headers' | 'user'>;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
}

/** An uploaded part. */
export interface Part {
  readonly number: number;
  readonly size: number;
  /** The MD5, without quotes. */
  readonly etag: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/**
 * Uploads that are neither completed nor aborted. `<metaFolder>/uploads/<bucket>/<upload id>/` holds `upload.json`, and
 * for each part `<number>.json`, which names the file with the part's bytes. Renaming that JSON file changes the part.
 */
export interface UploadStore {
  create(upload: Omit<Upload, 'uploadId' | 'initiated'>): Promise<Upload>;
  /**
   * @throws S3Error NoSuchUpload, also for an id that belongs to another key; InternalError when its file is damaged
   */
  require(bucket: string, key: string, uploadId: string): Promise<Upload>;
  /** In no promised order. */
  list(bucket: string): Promise<Upload[]>;
  newPartFile(upload: Upload): Promise<TempFile>;
  putPart(upload: Upload, part: Omit<Part, 'modified'>, content: TempFile): Promise<Part>;
  /** Sorted by number. @throws S3Error InternalError naming the file of a part when it is damaged */
  parts(upload: Upload): Promise<(Part & { readonly path: string })[]>;
  remove(upload: Upload): Promise<void>;
  removeBucket(bucket: string): Promise<void>;
  /** One at a time per upload: completing it, aborting it, adding a part. */
  exclusively<T>(uploadId: string, work: () => Promise<T>): Promise<T>;
}

interface PartFile extends Part {
  readonly file: string;
}

/** Opens the store under `metaFolder`, and removes what a crash left of uploads. */
export async function openUploadStore(options: { metaFolder: string; log: Log; disk?: Disk }): Promise<UploadStore> {
  const { metaFolder, log, disk = nodeDisk } = options;
  const root = join(metaFolder, 'uploads');
  const sync = createFolderSync(disk);
  const mutex = createKeyedMutex();
  const folderOf = (bucket: string, uploadId: string) => join(root, bucket, uploadId);

  await disk.mkdir(root, { recursive: true });
  await recover();

  /** Removes uploads that a process had not finished creating or deleting, and bytes that no part names. */
  async function recover(): Promise<void> {
    for (const bucket of await disk.readdir(root)) {
      for (const uploadId of (await unlessAbsent(disk.readdir(join(root, bucket)))) ?? []) {
        const folder = folderOf(bucket, uploadId);
        const names = (await unlessAbsent(disk.readdir(folder))) ?? [];
        if (!names.includes('upload.json')) {
          await disk.rm(folder, { recursive: true, force: true });
          continue;
        }
        const parts = await unlessDamaged<PartFile[] | undefined>(readParts(folder), undefined);
        // Which bytes are whose cannot be known: all stay.
        if (!parts) continue;
        const used = new Set(parts.map((part) => part.file));
        const unused = names.filter((name) => !name.endsWith('.json') && !used.has(name));
        await Promise.all(unused.map((name) => disk.unlink(join(folder, name))));
      }
    }
  }

  /** @throws S3Error InternalError naming the file when it is damaged */
  async function readJson<T>(path: string): Promise<T | undefined> {
    const text = await unlessAbsent(disk.readFile(path, 'utf8'));
    return text === undefined ? undefined : (decodeUploadFile(path, text) as T);
  }

  /** `otherwise` where the file is damaged, which the log then says. */
  function unlessDamaged<T>(work: Promise<T>, otherwise: T): Promise<T> {
    return work.catch((error: unknown) => {
      if (!(error instanceof S3Error)) throw error;
      log(`S3: ${error.message}`);
      return otherwise;
    });
  }

  async function writeJson(folder: string, name: string, value: object): Promise<void> {
    await replaceFile(disk, join(folder, name), join(folder, `${randomUUID()}.tmp`), encodeUploadFile(value));
    await sync(folder);
  }

  async function readParts(folder: string): Promise<PartFile[]> {
    const names = ((await unlessAbsent(disk.readdir(folder))) ?? []).filter((name) => /^\d+\.json$/.test(name));
    const parts = await Promise.all(names.map((name) => readJson<PartFile>(join(folder, name))));
    return parts.filter((part) => part !== undefined).sort((a, b) => a.number - b.number);
  }

  return {
    async create(given) {
      // The time comes first, so that the ids of one key sort by it, as S3 lists them.
      const initiated = Date.now();
      const uploadId = `${initiated.toString(16).padStart(12, '0')}${randomBytes(20).toString('hex')}`;
      const upload: Upload = { ...given, uploadId, initiated };
      const folder = folderOf(given.bucket, uploadId);
      await disk.mkdir(folder, { recursive: true });
      await writeJson(folder, 'upload.json', upload);
      await Promise.all([sync(join(root, given.bucket)), sync(root)]);
      return upload;
    },

    async require(bucket, key, uploadId) {
      if (!/^[0-9a-f]{52}$/.test(uploadId)) throw noSuchUpload(uploadId);
      const upload = await readJson<Upload>(join(folderOf(bucket, uploadId), 'upload.json'));
      if (upload?.key !== key) throw noSuchUpload(uploadId);
      return upload;
    },

    async list(bucket) {
      const ids = (await unlessAbsent(disk.readdir(join(root, bucket)))) ?? [];
      const uploads = await Promise.all(
        ids.map((id) => unlessDamaged(readJson<Upload>(join(folderOf(bucket, id), 'upload.json')), undefined)),
      );
      return uploads.filter((upload) => upload !== undefined);
    },

    newPartFile: (upload) =>
      createTempFile(disk, join(folderOf(upload.bucket, upload.uploadId), `${randomUUID()}.tmp`)),

    putPart: (upload, given, content) =>
      mutex.run(upload.uploadId, async () => {
        const folder = folderOf(upload.bucket, upload.uploadId);
        await content.sync();
        const name = `${given.number}.json`;
        const before = await unlessDamaged(readJson<PartFile>(join(folder, name)), undefined);
        const part: PartFile = { ...given, modified: Date.now(), file: `${randomUUID()}.part` };
        try {
          await disk.rename(content.path, join(folder, part.file));
          content.release();
          await writeJson(folder, name, part);
        } catch (error) {
          // The upload may have been completed or aborted in the meantime.
          throw (await unlessAbsent(disk.lstat(folder))) ? error : noSuchUpload(upload.uploadId);
        }
        if (before) await unlessAbsent(disk.unlink(join(folder, before.file)));
        return part;
      }),

    async parts(upload) {
      const folder = folderOf(upload.bucket, upload.uploadId);
      return (await readParts(folder)).map((part) => ({ ...part, path: join(folder, part.file) }));
    },

    async remove(upload) {
      const folder = folderOf(upload.bucket, upload.uploadId);
      // Without this file the upload does not exist, whatever a crash leaves of the rest.
      await unlessAbsent(disk.unlink(join(folder, 'upload.json')));
      await disk.rm(folder, { recursive: true, force: true });
      await sync(join(root, upload.bucket));
    },

    async removeBucket(bucket) {
      await disk.rm(join(root, bucket), { recursive: true, force: true });
    },

    exclusively: (uploadId, work) => mutex.run(uploadId, work),
  };
}
