import { checksumAlgorithm, checksumAlgorithms } from '../checksums.js';
import { invalidRequest } from '../errors.js';
import { sendXml } from '../http/answer.js';
import { metadataOf } from '../http/object-headers.js';
import type { Call, Handler } from '../operations/call.js';
import type { Upload } from './upload-store.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createMultipartUpload: Handler = async ({ request, response, store, uploads }) => {
  const { bucket, key, headers } = request;
  const metadata = metadataOf(headers);
  const checksum = uploadChecksum(headers);
  await store.requireBucket(bucket);
  const upload = await uploads.create({ bucket, key, metadata, ...(checksum && { checksum }) });
  sendXml(
    response,
    'InitiateMultipartUploadResult',
    { Bucket: bucket, Key: key, UploadId: upload.uploadId },
    checksum
      ? { 'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(), 'x-amz-checksum-type': checksum.type }
      : {},
  );
};

/** Only a CRC can be of the whole object; a SHA can only be composite, and CRC64NVME only of the whole. */
function uploadChecksum(headers: Call['request']['headers']): Upload['checksum'] {
  const name = headers['x-amz-checksum-algorithm'];
  const type = headers['x-amz-checksum-type'];
  if (name === undefined) {
    if (type === undefined) return undefined;
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  }
  const algorithm = checksumAlgorithm(String(name));
  const wanted = String(type ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE')).toUpperCase();
  const { linear } = checksumAlgorithms[algorithm];
  if (wanted === 'FULL_OBJECT' && linear) return { algorithm, type: wanted };
  if (wanted === 'COMPOSITE' && algorithm !== 'crc64nvme') return { algorithm, type: wanted };
  throw invalidRequest(`The ${wanted} checksum type cannot be used with the ${algorithm} checksum algorithm.`);
}
