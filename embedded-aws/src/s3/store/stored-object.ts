import { createHash } from 'node:crypto';
import type { FileIdentity } from './disk.js';
import type { ObjectMetadata } from './metadata-file.js';

/** An object without its bytes. */
export interface StoredObject extends ObjectMetadata {
  readonly key: string;
  readonly size: number;
  /** Whole seconds, as S3 gives it. */
  readonly lastModified: Date;
}

/**
 * The object of a file. A file that S3 did not write, such as one that a person copied in, has no metadata. It gets
 * S3's default type and an ETag that changes with the file; its `-1` says, as for an object that was uploaded in parts,
 * that it is not an MD5.
 */
export function storedObject(key: string, file: FileIdentity, metadata: ObjectMetadata | undefined): StoredObject {
  const lastModified = wholeSeconds(Number(file.mtimeNs / 1_000_000n));
  if (metadata) return { ...metadata, key, size: file.size, lastModified };
  const etag = `${createHash('md5').update(`${file.size} ${file.mtimeNs}`).digest('hex')}-1`;
  return { key, size: file.size, lastModified, etag, headers: {}, user: {} };
}

/** A time in milliseconds since 1970, cut to seconds. */
export const wholeSeconds = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);
