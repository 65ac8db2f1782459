import { createReadStream } from 'node:fs';
import { sendEmpty, sendXml } from './answer.js';
import { planBody, readSmallBody, receiveBody } from './body.js';
import { type Call, type Handler, owner } from './call.js';
import {
  type Checksum,
  checksumAlgorithm,
  checksumAlgorithms,
  checksumElement,
  compositeChecksum,
  requireSameChecksum,
} from './checksums.js';
import { readCompleteRequest, selectParts } from './complete-request.js';
import { requireCopyConditions, writeCondition } from './conditions.js';
import { copySource } from './copy-source.js';
import { invalidArgument, invalidRequest } from './errors.js';
import { encoder, pageSize } from './list-operations.js';
import { commonPrefixOf } from './list-page.js';
import type { ObjectMetadata } from './metadata.js';
import { metadataOf } from './object-headers.js';
import { requireObject } from './object-operations.js';
import type { StoredObject } from './object-store.js';
import { parseRange } from './range.js';
import type { Part, Upload } from './uploads.js';
import { compareUtf8 } from './utf8-order.js';
import type { XmlElement } from './xml.js';

const maxPartNumber = 10_000;
const maxCompleteBytes = 4 * 1024 * 1024;

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

/** Only a CRC can be put together from its parts; SHA can only be one of parts, and CRC64NVME only one of the whole. */
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

function partNumberOf(query: URLSearchParams): number {
  const text = query.get('partNumber') ?? '';
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > maxPartNumber)
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
  return Number(text);
}

const uploadOf = ({ request, uploads }: Call) =>
  uploads.require(request.bucket, request.key, request.query.get('uploadId') ?? '');

export const uploadPart: Handler = async (call) => {
  const { request, body, response, uploads } = call;
  const number = partNumberOf(request.query);
  const plan = planBody(request.headers);
  const upload = await uploadOf(call);
  const given = plan.checksum?.algorithm ?? plan.trailer;
  if (upload.checksum && given !== upload.checksum.algorithm)
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm}, actual checksum Type: ${given ?? 'null'}`,
    );
  const content = await uploads.newPartFile(upload);
  try {
    const { bytes, md5, checksum } = await receiveBody(body, plan, content.write);
    const part = { number, size: bytes, etag: md5, ...(checksum && { checksum }) };
    await uploads.putPart(upload, part, content);
    sendEmpty(response, 200, {
      etag: `"${md5}"`,
      ...(checksum && { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value }),
      'content-length': '0',
    });
  } finally {
    await content.discard();
  }
};

export const uploadPartCopy: Handler = async (call) => {
  const { request, response, store, uploads } = call;
  const number = partNumberOf(request.query);
  const from = copySource(request.headers);
  const upload = await uploadOf(call);
  const { object, handle } = await requireObject(store.open(from.bucket, from.key), from.key);
  try {
    requireCopyConditions(object, request.headers);
    const header = request.headers['x-amz-copy-source-range'];
    const range = parseRange(header as string | undefined, object.size);
    if (header !== undefined && (!range || !/-\d+$/.test(String(header))))
      throw invalidArgument(
        'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
        'x-amz-copy-source-range',
        String(header),
      );
    const { start, end } = range ?? { start: 0, end: object.size - 1 };
    const bytes = end - start + 1;
    const source = bytes === 0 ? [] : handle.createReadStream({ start, end, autoClose: false });
    const content = await uploads.newPartFile(upload);
    try {
      const algorithm = upload.checksum?.algorithm;
      const summed = algorithm && checksumAlgorithms[algorithm].create();
      const { md5 } = await receiveBody(
        source as AsyncIterable<Buffer>,
        { awsChunked: false, bytes },
        async (piece) => {
          summed?.update(piece);
          await content.write(piece);
        },
      );
      const checksum = algorithm && { algorithm, value: summed!.digest().toString('base64') };
      const part = await uploads.putPart(
        upload,
        { number, size: bytes, etag: md5, ...(checksum && { checksum }) },
        content,
      );
      sendXml(response, 'CopyPartResult', {
        LastModified: isoSeconds(part.modified),
        ETag: `"${md5}"`,
        ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value }),
      });
    } finally {
      await content.discard();
    }
  } finally {
    await handle.close();
  }
};

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
      // An answer that got lost on its way is asked for again.
      const done = await store.head(bucket, key);
      if (done?.uploadId === uploadId) return undefined;
      throw error;
    });
    if (!upload) return (await store.head(bucket, key))!;
    const parts = selectParts(upload, wanted, await uploads.parts(upload));
    const made = await join(call, upload, parts, condition);
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

/** The checksum in this request's headers is the object's, not that of the XML. */
function bodyHeaders(headers: Call['request']['headers']): Call['request']['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-checksum-')));
}

/** Copies the parts into one file, and puts it. */
async function join(
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
      for await (const piece of createReadStream(part.path, { highWaterMark: 1024 * 1024 })) {
        summed?.update(piece as Buffer);
        await content.write(piece as Buffer);
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

export const abortMultipartUpload: Handler = async (call) => {
  const { request, response, uploads } = call;
  const uploadId = request.query.get('uploadId') ?? '';
  await uploads.exclusively(uploadId, async () => uploads.remove(await uploadOf(call)));
  sendEmpty(response, 204);
};

export const listParts: Handler = async (call) => {
  const { request, response, uploads } = call;
  const { bucket, key, query } = request;
  const upload = await uploadOf(call);
  const limit = pageSize(query, 'max-parts');
  const after = Number(query.get('part-number-marker') ?? 0);
  const rest = (await uploads.parts(upload)).filter(({ number }) => number > after);
  const page = rest.slice(0, limit);
  sendXml(
    response,
    'ListPartsResult',
    {
      Bucket: bucket,
      Key: encoder(query)(key),
      UploadId: upload.uploadId,
      Initiator: owner,
      Owner: owner,
      StorageClass: 'STANDARD',
      PartNumberMarker: after,
      NextPartNumberMarker: page.at(-1)?.number ?? 0,
      MaxParts: limit,
      IsTruncated: page.length < rest.length,
      ChecksumAlgorithm: upload.checksum?.algorithm.toUpperCase(),
      ChecksumType: upload.checksum?.type,
      Part: page.map(partElement),
    },
    {},
  );
};

function partElement(part: Part): XmlElement {
  return {
    PartNumber: part.number,
    LastModified: isoSeconds(part.modified),
    ETag: `"${part.etag}"`,
    Size: part.size,
    ...(part.checksum && { [checksumElement(part.checksum.algorithm)]: part.checksum.value }),
  };
}

export const listMultipartUploads: Handler = async ({ request, response, store, uploads }) => {
  const { bucket, query } = request;
  await store.requireBucket(bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const limit = pageSize(query, 'max-uploads');
  const encode = encoder(query);
  const isBehind = ({ key, uploadId }: Upload) => {
    const order = compareUtf8(key, keyMarker);
    return order > 0 || (order === 0 && idMarker !== '' && uploadId > idMarker);
  };
  const rest = (await uploads.list(bucket))
    .filter((upload) => upload.key.startsWith(prefix) && isBehind(upload))
    .sort((a, b) => compareUtf8(a.key, b.key) || (a.uploadId < b.uploadId ? -1 : 1));
  const page: Upload[] = [];
  const commonPrefixes: string[] = [];
  let taken = 0;
  for (const upload of rest) {
    const rolled = commonPrefixOf(upload.key, prefix, delimiter);
    const isNew = rolled === undefined || rolled !== commonPrefixes.at(-1);
    if (isNew && page.length + commonPrefixes.length === limit) break;
    if (rolled === undefined) page.push(upload);
    else if (isNew) commonPrefixes.push(rolled);
    taken++;
  }
  const last = taken < rest.length ? rest[taken - 1] : undefined;
  sendXml(response, 'ListMultipartUploadsResult', {
    Bucket: bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: last && encode(last.key),
    NextUploadIdMarker: last?.uploadId,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxUploads: limit,
    IsTruncated: last !== undefined,
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.uploadId,
      Initiator: owner,
      Owner: owner,
      StorageClass: 'STANDARD',
      Initiated: isoSeconds(upload.initiated),
      ChecksumAlgorithm: upload.checksum?.algorithm.toUpperCase(),
      ChecksumType: upload.checksum?.type,
    })),
    CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  });
};

const isoSeconds = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toISOString();
