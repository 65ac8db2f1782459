import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decodeMetadata, hashOfKey, type Version } from './store/metadata-file.js';
import { storedObject } from './store/stored-object.js';
import { type ContentCheck, contentCheck } from './store/verify-content.js';

/** What a look at an object's file found. */
export interface ObjectLook {
  bytes: number;
  /** What is wrong with it: `its bytes do not …`. */
  damage?: string;
  /** Why nothing says what its bytes should be. */
  unchecked?: 'no metadata' | 'damaged metadata';
}

const pieceBytes = 1024 * 1024;

/** The result, or undefined when there is no such file. */
function unlessAbsent<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads an object's file, and compares it with the checksum in its metadata. Undefined when it is gone. Synchronous but
 * for large objects: promises would cost a small one ten times its reading.
 * @param metaFolder the one that `openS3` was given
 */
export async function lookAtObject(
  { key, path }: { key: string; path: string },
  bucket: string,
  metaFolder: string,
): Promise<ObjectLook | undefined> {
  const file = unlessAbsent(() => openSync(path, 'r'));
  if (file === undefined) return undefined;
  try {
    const { size, mtimeNs } = fstatSync(file, { bigint: true });
    const bytes = Number(size);
    const versions = versionsIn(join(metaFolder, 'objects', bucket, `${hashOfKey(key)}.json`));
    if (versions === 'damaged') return { bytes, unchecked: 'damaged metadata' };
    const version = versions.find((one) => one.mtimeNs === mtimeNs.toString());
    if (!version) return { bytes, unchecked: 'no metadata' };
    if (version.size !== bytes) return { bytes, damage: `it has ${bytes} bytes, and ${version.size} were written` };
    const check = contentCheck(storedObject(key, { size: bytes, mtimeNs }, version));
    if (check) await readInto(check, file, bytes);
    if (check?.isWhole() === false)
      return { bytes, damage: 'its bytes do not fit the checksum that they were written with' };
    return { bytes };
  } finally {
    closeSync(file);
  }
}

async function readInto(check: ContentCheck, file: number, bytes: number): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(bytes, pieceBytes));
  for (let at = 0; at < bytes; ) {
    const read = readSync(file, piece, 0, piece.length, at);
    if (read === 0) return;
    check.update(piece.subarray(0, read));
    at += read;
    if (at < bytes) await new Promise((resolve) => setImmediate(resolve));
  }
}

function versionsIn(path: string): readonly Version[] | 'damaged' {
  const text = unlessAbsent(() => readFileSync(path, 'utf8'));
  if (text === undefined) return [];
  try {
    return decodeMetadata(path, text).versions;
  } catch {
    return 'damaged';
  }
}

/**
 * Says what is wrong with an object of a bucket whose plain files somebody reads without S3.
 * @param folder the bucket's, as `bucketFolder` gives it: its metadata lie beside it
 */
export const objectCheck =
  (folder: string) =>
  async (object: { key: string; path: string }): Promise<string | undefined> =>
    (await lookAtObject(object, basename(folder), join(dirname(folder), '.meta')))?.damage;
