import { randomUUID } from 'node:crypto';
import { isBucketName } from '../bucket-name.js';
import { hashOfKey } from './metadata-file.js';

/**
 * The name of a temp file: `<bucket>.<hash of the key>.<random>`. So one that a crash left behind names the object that
 * was being changed.
 */
export const tempName = (bucket: string, key: string): string => `${bucket}.${hashOfKey(key)}.${randomUUID()}`;

/** Reads a name of `tempName`; undefined for any other name. */
export function readTempName(name: string): { bucket: string; keyHash: string } | undefined {
  const [, bucket, keyHash] = /^(.+)\.([0-9a-f]{64})\.[^.]+$/.exec(name) ?? [];
  return bucket !== undefined && keyHash !== undefined && isBucketName(bucket) ? { bucket, keyHash } : undefined;
}
