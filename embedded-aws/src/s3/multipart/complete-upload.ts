import {
  type Checksum,
  checksumAlgorithms,
  checksumElement,
  compositeChecksum,
  requireSameChecksum,
} from '../checksums.js';
import { sendEmpty, sendXml } from '../http/answer.js';
import { readSmallBody } from '../http/body.js';
import { writeCondition } from '../http/conditions.js';
import type { Call, Handler } from '../operations/call.js';
import type { ObjectMetadata } from '../store/metadata-file.js';
import type { StoredObject } from '../store/stored-object.js';
import { partContent } from '../store/verify-content.js';
import { readCompleteRequest, selectParts } from './complete-request.js';
import { uploadOf } from './upload-request.js';
import type { Part, Upload } from './upload-store.js';

const maxCompleteBytes = 4 * 1024 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export const completeMultipartUpload: Handler = async (call) => {
  const { request, body, response, store, uploads } = call;
  const { bucket, key, headers, query } = request;
  const uploadId = query.get('uploadId') ?? '';
  const wanted = readCompleteRequest(
    (await readSmallBody(body, bodyHeaders(headers), maxCompleteBytes)).toString('utf8'),
  );
  const condition = writeCondition(key, headers);
  const object = await uploads.exclusively(uploadId, async () => {
    const upload = await uploads.require(bucket, key, uploadId).catch(async (error) => {
      // The answer was lost, and the client repeats the request.
      const done = await store.head(bucket, key);
      if (done?.uploadId === uploadId) return undefined;
      throw error;
    });
    if (!upload) return (await store.head(bucket, key))!;
    const parts = selectParts(upload, wanted, await uploads.parts(upload));
    const made = await joinParts(call, upload, parts, condition);
    await uploads.remove(upload);
    return made;
  });
  sendXml(response, 'CompleteMultipartUploadResult', {
    Location: `http://${headers.host ?? 'localhost'}/${bucket}/${encodeURIComponent(key).replaceAll('%2F', '/')}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${object.etag}"`,
    ...(object.checksum && {
      [checksumElement(object.checksum.algorithm)]: object.checksum.value,
      ChecksumType: object.checksum.type,
    }),
  });
};

/** A checksum in this request's headers is of the object, not of the XML. */
function bodyHeaders(headers: Call['request']['headers']): Call['request']['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-checksum-')));
}

/** Copies the parts into one file, and puts it. */
async function joinParts(
  { request, store }: Call,
  upload: Upload,
  parts: readonly (Part & { readonly path: string })[],
  condition: ReturnType<typeof writeCondition>,
): Promise<StoredObject> {
  const { bucket, key, headers } = request;
  const whole = upload.checksum?.type === 'FULL_OBJECT' ? upload.checksum.algorithm : undefined;
  const summed = whole && checksumAlgorithms[whole].create();
  const content = await store.newTempFile(bucket, key);
  try {
    for (const part of parts) {
      for await (const piece of partContent(part)) {
        summed?.update(piece);
        await content.write(piece);
      }
    }
    const checksum = objectChecksum(upload, parts, summed?.digest().toString('base64'));
    const stated = checksum && headers[`x-amz-checksum-${checksum.algorithm}`];
    if (checksum && stated !== undefined) requireSameChecksum(checksum.algorithm, String(stated), checksum.value);
    const metadata: ObjectMetadata = {
      ...upload.metadata,
      etag: compositeChecksum(
        'md5',
        parts.map(({ etag }) => etag),
        'hex',
      ),
      ...(checksum && { checksum }),
      partBytes: parts.map(({ size }) => size),
      uploadId: upload.uploadId,
    };
    return await store.put(bucket, key, content, metadata, condition);
  } finally {
    await content.discard();
  }
}

function objectChecksum(upload: Upload, parts: readonly Part[], whole: string | undefined): Checksum | undefined {
  if (!upload.checksum) return undefined;
  const { algorithm, type } = upload.checksum;
  if (type === 'FULL_OBJECT') return { algorithm, type, value: whole! };
  return {
    algorithm,
    type,
    value: compositeChecksum(
      algorithm,
      parts.map(({ checksum }) => checksum!.value),
    ),
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortMultipartUpload: Handler = async (call) => {
  const { request, response, uploads } = call;
  const uploadId = request.query.get('uploadId') ?? '';
  await uploads.exclusively(uploadId, async () => uploads.remove(await uploadOf(call)));
  sendEmpty(response, 204);
};
