import type { ReceivedBody } from '../http/body.js';
import type { ObjectMetadata } from '../store/metadata-file.js';
import type { ObjectStore } from '../store/object-store.js';
import type { Condition } from '../store/object-writer.js';
import type { StoredObject } from '../store/stored-object.js';

/** An object that is to be stored. */
export interface NewObject {
  readonly bucket: string;
  readonly key: string;
  readonly metadata: Pick<ObjectMetadata, 'headers' | 'user'>;
  readonly condition?: Condition | undefined;
}

/**
 * Stores an object whole, or not at all.
 * @param receive hands the content to `write`, and says what it was
 * @throws S3Error NoSuchBucket, what `receive` and the condition throw
 */
export async function storeObject(
  store: ObjectStore,
  { bucket, key, metadata, condition }: NewObject,
  receive: (write: (piece: Buffer) => Promise<void>) => Promise<Omit<ReceivedBody, 'bytes'>>,
): Promise<StoredObject> {
  await store.requireBucket(bucket);
  const content = await store.newTempFile(bucket, key);
  try {
    const { md5, checksum } = await receive(content.write);
    const whole = checksum && { ...checksum, type: 'FULL_OBJECT' as const };
    return await store.put(
      bucket,
      key,
      content,
      { ...metadata, etag: md5, ...(whole && { checksum: whole }) },
      condition,
    );
  } finally {
    await content.discard();
  }
}
