import { checksumElement } from '../checksums.js';
import { sendXml } from '../http/answer.js';
import type { XmlElement } from '../http/xml.js';
import { type Handler, owner } from '../operations/call.js';
import { encoder, pageSize } from '../operations/list-operations.js';
import { commonPrefixOf } from '../operations/list-page.js';
import { wholeSeconds } from '../store/stored-object.js';
import { compareUtf8 } from '../store/utf8-order.js';
import { uploadOf } from './upload-request.js';
import type { Part, Upload } from './upload-store.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
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

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
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

const isoSeconds = (ms: number) => wholeSeconds(ms).toISOString();
