import { checksumHeaders } from '../checksums.js';
import { sendEmpty } from '../http/answer.js';
import { planBody, receiveBody } from '../http/body.js';
import { writeCondition } from '../http/conditions.js';
import { metadataOf } from '../http/object-headers.js';
import type { Handler } from './call.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: Handler = async ({ request, body, response, store }) => {
  const { bucket, key, headers } = request;
  const plan = planBody(headers);
  const given = metadataOf(headers);
  const condition = writeCondition(key, headers);
  await store.requireBucket(bucket);
  const content = await store.newTempFile(bucket, key);
  try {
    const received = await receiveBody(body, plan, content.write);
    const checksum = received.checksum && { ...received.checksum, type: 'FULL_OBJECT' as const };
    const metadata = { ...given, etag: received.md5, ...(checksum && { checksum }) };
    const object = await store.put(bucket, key, content, metadata, condition);
    sendEmpty(response, 200, { etag: `"${object.etag}"`, ...checksumHeaders(checksum), 'content-length': '0' });
  } finally {
    await content.discard();
  }
};
