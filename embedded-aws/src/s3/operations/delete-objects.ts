import { invalidRequest, malformedXml, S3Error, unexpected } from '../errors.js';
import { sendEmpty, sendXml } from '../http/answer.js';
import { readSmallBody } from '../http/body.js';
import { writeCondition } from '../http/conditions.js';
import { childText, parseXml } from '../http/xml.js';
import type { Handler } from './call.js';

/** Deleting an object that does not exist succeeds. */
export const deleteObject: Handler = async ({ request, response, store }) => {
  await store.delete(request.bucket, request.key, writeCondition(request.key, request.headers));
  sendEmpty(response, 204);
};

const maxDeletesARequest = 1000;
const maxDeleteBytes = 2 * 1024 * 1024;
const deletesAtOnce = 16;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: Handler = async ({ request, body, response, store }) => {
  const { bucket, headers } = request;
  const isVerified = Object.keys(headers).some((name) =>
    /^(content-md5|x-amz-trailer|x-amz-checksum-(?!mode|type))/.test(name),
  );
  if (!isVerified) throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  const root = parseXml((await readSmallBody(body, headers, maxDeleteBytes)).toString('utf8'));
  const keys = root.children.filter(({ name }) => name === 'Object').map((object) => childText(object, 'Key') ?? '');
  if (root.name !== 'Delete' || keys.length === 0 || keys.length > maxDeletesARequest || keys.includes(''))
    throw malformedXml(`expected a Delete element with 1 to ${maxDeletesARequest} Object elements, each with a Key.`);
  await store.requireBucket(bucket);
  const failed = new Map<string, S3Error>();
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < keys.length; i = next++) {
      const key = keys[i]!;
      await store.delete(bucket, key).catch((error) => {
        failed.set(key, error instanceof S3Error ? error : unexpected(error));
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(deletesAtOnce, keys.length) }, worker));
  const isQuiet = childText(root, 'Quiet')?.trim() === 'true';
  sendXml(response, 'DeleteResult', {
    Deleted: isQuiet ? [] : keys.filter((key) => !failed.has(key)).map((Key) => ({ Key })),
    Error: [...failed].map(([Key, { code, message }]) => ({ Key, Code: code, Message: message })),
  });
};
