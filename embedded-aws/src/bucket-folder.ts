import { join } from 'node:path';

/** The folder in which a bucket's objects lie as plain files. */
export function bucketFolder(state: string, bucket: string): string {
  return join(state, 's3', bucket);
}
