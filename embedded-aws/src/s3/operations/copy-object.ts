import { checksumElement } from '../checksums.js';
import { invalidArgument, invalidRequest } from '../errors.js';
import { sendXml } from '../http/answer.js';
import { receiveBody } from '../http/body.js';
import { requireCopyConditions, writeCondition } from '../http/conditions.js';
import { copySource } from '../http/copy-source.js';
import { metadataOf } from '../http/object-headers.js';
import type { XmlElement } from '../http/xml.js';
import type { StoredObject } from '../store/stored-object.js';
import { wholeContent } from '../store/verify-content.js';
import type { Handler } from './call.js';
import { requireObject } from './require-object.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copyObject: Handler = async ({ request, response, store }) => {
  const { bucket, key, headers } = request;
  const from = copySource(headers);
  const directive = String(headers['x-amz-metadata-directive'] ?? 'COPY').toUpperCase();
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw invalidArgument('Unknown metadata directive.', 'x-amz-metadata-directive', directive);
  if (directive === 'COPY' && from.bucket === bucket && from.key === key)
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  const given = metadataOf(headers);
  const condition = writeCondition(key, headers);
  await store.requireBucket(bucket);
  const { object: source, handle } = await requireObject(store.open(from.bucket, from.key), from.key);
  try {
    requireCopyConditions(source, headers);
    const content = await store.newTempFile(bucket, key);
    try {
      // A copy has no parts, whatever its source has, so its ETag is its MD5.
      const stream = wholeContent(from.bucket, source, handle);
      const { md5 } = await receiveBody(stream, { awsChunked: false, bytes: source.size }, content.write);
      const { headers: kept, user } = directive === 'COPY' ? source : given;
      // A composite checksum does not apply to it.
      const checksum = source.checksum?.type === 'FULL_OBJECT' ? source.checksum : undefined;
      const metadata = { headers: kept, user, etag: md5, ...(checksum && { checksum }) };
      const object = await store.put(bucket, key, content, metadata, condition);
      sendXml(response, 'CopyObjectResult', copyResult(object));
    } finally {
      await content.discard();
    }
  } finally {
    await handle.close();
  }
};

function copyResult(object: StoredObject): XmlElement {
  return {
    LastModified: object.lastModified.toISOString(),
    ETag: `"${object.etag}"`,
    ...(object.checksum && {
      [checksumElement(object.checksum.algorithm)]: object.checksum.value,
      ChecksumType: object.checksum.type,
    }),
  };
}
