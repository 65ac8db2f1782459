import { checksumHeaders } from '../checksums.js';
import { sendEmpty } from '../http/answer.js';
import { planBody, receiveBody } from '../http/body.js';
import { writeCondition } from '../http/conditions.js';
import { metadataOf } from '../http/object-headers.js';
import type { Handler } from './call.js';
import { storeObject } from './store-object.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: Handler = async ({ request, body, response, store }) => {
  const { bucket, key, headers } = request;
  const plan = planBody(headers);
  const object = await storeObject(
    store,
    { bucket, key, metadata: metadataOf(headers), condition: writeCondition(key, headers) },
    (write) => receiveBody(body, plan, write),
  );
  sendEmpty(response, 200, {
    etag: `"${object.etag}"`,
    ...checksumHeaders(object.checksum),
    'content-length': '0',
  });
};
