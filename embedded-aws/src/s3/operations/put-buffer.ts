import { createHash } from 'node:crypto';
import { requireBucketName } from '../bucket-name.js';
import { crc32 } from '../crc.js';
import { requireKeyLength } from '../http/request.js';
import type { ObjectStore } from '../store/object-store.js';
import { storeObject } from './store-object.js';

/** An object in memory. */
export interface BufferedObject {
  bucket: string;
  key: string;
  body: Buffer;
  contentEncoding?: string;
}

/**
 * PutObject for somebody in this process: with the checks of the operation, and the checksum that today's SDKs send.
 * @throws S3Error InvalidBucketName, KeyTooLongError, NoSuchBucket
 */
export async function putBuffer(store: ObjectStore, object: BufferedObject): Promise<void> {
  const { bucket, key, body, contentEncoding } = object;
  requireBucketName(bucket);
  requireKeyLength(key);
  const headers = {
    'content-type': 'application/octet-stream',
    ...(contentEncoding ? { 'content-encoding': contentEncoding } : {}),
  };
  await storeObject(store, { bucket, key, metadata: { headers, user: {} } }, async (write) => {
    await write(body);
    const crc = crc32();
    crc.update(body);
    const value = crc.digest().toString('base64');
    return { md5: createHash('md5').update(body).digest('hex'), checksum: { algorithm: 'crc32', value } };
  });
}
