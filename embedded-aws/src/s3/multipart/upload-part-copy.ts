import { checksumAlgorithms, checksumElement } from '../checksums.js';
import { invalidArgument } from '../errors.js';
import { sendXml } from '../http/answer.js';
import { receiveBody } from '../http/body.js';
import { requireCopyConditions } from '../http/conditions.js';
import { copySource } from '../http/copy-source.js';
import { type ByteRange, parseRange } from '../http/range.js';
import type { Call, Handler } from '../operations/call.js';
import { requireObject } from '../operations/require-object.js';
import type { OpenObject } from '../store/object-reader.js';
import { wholeSeconds } from '../store/stored-object.js';
import { partNumberOf, uploadOf } from './upload-request.js';
import type { Part, Upload } from './upload-store.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export const uploadPartCopy: Handler = async (call) => {
  const { request, response, store } = call;
  const number = partNumberOf(request.query);
  const from = copySource(request.headers);
  const upload = await uploadOf(call);
  const source = await requireObject(store.open(from.bucket, from.key), from.key);
  try {
    requireCopyConditions(source.object, request.headers);
    const range = copyRange(request.headers['x-amz-copy-source-range'], source.object.size);
    await store.requireWhole(from.bucket, source.object, source.handle);
    const part = await copyPart(call, upload, number, source, range);
    sendXml(response, 'CopyPartResult', {
      LastModified: wholeSeconds(part.modified).toISOString(),
      ETag: `"${part.etag}"`,
      ...(part.checksum && { [checksumElement(part.checksum.algorithm)]: part.checksum.value }),
    });
  } finally {
    await source.handle.close();
  }
};

/** The bytes to copy: all of them without a header. @throws S3Error InvalidArgument, InvalidRange */
function copyRange(header: string | string[] | undefined, size: number): ByteRange {
  const range = parseRange(header as string | undefined, size);
  if (header !== undefined && (!range || !/-\d+$/.test(String(header))))
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      String(header),
    );
  return range ?? { start: 0, end: size - 1 };
}

async function copyPart(
  { uploads }: Call,
  upload: Upload,
  number: number,
  { handle }: OpenObject,
  { start, end }: ByteRange,
): Promise<Part> {
  const bytes = end - start + 1;
  const source = bytes === 0 ? [] : handle.createReadStream({ start, end, autoClose: false });
  const algorithm = upload.checksum?.algorithm;
  const summed = algorithm && checksumAlgorithms[algorithm].create();
  const content = await uploads.newPartFile(upload);
  try {
    const { md5 } = await receiveBody(source as AsyncIterable<Buffer>, { awsChunked: false, bytes }, async (piece) => {
      summed?.update(piece);
      await content.write(piece);
    });
    const checksum = algorithm && { algorithm, value: summed!.digest().toString('base64') };
    return await uploads.putPart(upload, { number, size: bytes, etag: md5, ...(checksum && { checksum }) }, content);
  } finally {
    await content.discard();
  }
}
