import { pipeline } from 'node:stream/promises';
import { checksumElement, checksumHeaders } from '../checksums.js';
import {
  invalidArgument,
  invalidRequest,
  malformedXml,
  noSuchKey,
  preconditionFailed,
  S3Error,
  unexpected,
} from '../errors.js';
import { requestIds, sendEmpty, sendXml } from '../http/answer.js';
import { planBody, readSmallBody, receiveBody } from '../http/body.js';
import { readConditionsOf, readOutcome, requireCopyConditions, writeCondition } from '../http/conditions.js';
import { copySource } from '../http/copy-source.js';
import { metadataOf, objectHeaders, overriddenHeaders, wantedChecksum } from '../http/object-headers.js';
import { type ByteRange, parseRange } from '../http/range.js';
import { childText, parseXml, type XmlElement } from '../http/xml.js';
import { errorCode } from '../store/disk.js';
import type { OpenObject } from '../store/object-reader.js';
import type { StoredObject } from '../store/stored-object.js';
import type { Call, Handler } from './call.js';

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
      const stream = handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>;
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

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: Handler = async (call) => {
  const { request, store, response } = call;
  const headers = overriddenHeaders(request.query);
  const { object, handle } = await requireObject(store.open(request.bucket, request.key), request.key);
  try {
    const answer = readAnswer(call, object);
    response.writeHead(answer.status, { ...requestIds(), ...answer.headers, ...headers });
    if (answer.status === 304 || answer.bytes === 0) {
      response.end();
      return;
    }
    const { start, end } = answer.range;
    await pipeline(handle.createReadStream({ start, end, autoClose: false, highWaterMark: 256 * 1024 }), response);
  } catch (error) {
    // The client disconnected.
    if (errorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await handle.close();
  }
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export const headObject: Handler = async (call) => {
  const { request, store, response } = call;
  const headers = overriddenHeaders(request.query);
  const object = await store.head(request.bucket, request.key);
  if (!object) throw noSuchKey(request.key);
  const answer = readAnswer(call, object);
  sendEmpty(response, answer.status, { ...answer.headers, ...headers });
};

interface ReadAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly range: ByteRange;
  readonly bytes: number;
}

/** The answer of GET and HEAD about an object. @throws S3Error PreconditionFailed, InvalidRange, InvalidPartNumber. */
function readAnswer({ request }: Call, object: StoredObject): ReadAnswer {
  const { headers, query } = request;
  const version = query.get('versionId');
  if (version !== null && version !== 'null')
    throw invalidArgument('Invalid version id specified', 'versionId', version);
  const outcome = readOutcome(object, readConditionsOf(headers));
  const whole = { start: 0, end: object.size - 1 };
  if (outcome === 'notModified') {
    const { etag, 'last-modified': lastModified } = objectHeaders(object);
    return { status: 304, headers: { etag: etag!, 'last-modified': lastModified! }, range: whole, bytes: 0 };
  }
  if (outcome !== 'read') throw preconditionFailed(outcome.failed);
  const part = partRange(query.get('partNumber'), object);
  const range = part ?? parseRange(headers.range, object.size);
  const { start, end } = range ?? whole;
  const bytes = end - start + 1;
  return {
    status: range ? 206 : 200,
    headers: {
      ...objectHeaders(object),
      // The checksum is the whole object's.
      ...(range ? { 'content-range': `bytes ${start}-${end}/${object.size}` } : wantedChecksum(object, headers)),
      ...(part && object.partBytes && { 'x-amz-mp-parts-count': String(object.partBytes.length) }),
      'content-length': String(bytes),
    },
    range: { start, end },
    bytes,
  };
}

function partRange(text: string | null, object: StoredObject): ByteRange | undefined {
  if (text === null) return undefined;
  const number = Number(text);
  const parts = object.partBytes ?? [object.size];
  if (!Number.isInteger(number) || number < 1 || number > parts.length)
    throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
      ActualPartCount: String(parts.length),
      PartNumberRequested: text,
    });
  const start = parts.slice(0, number - 1).reduce((sum, bytes) => sum + bytes, 0);
  const bytes = parts[number - 1]!;
  return bytes === 0 ? undefined : { start, end: start + bytes - 1 };
}

/** The opened object. @throws S3Error NoSuchKey */
export async function requireObject(opening: Promise<OpenObject | undefined>, key: string): Promise<OpenObject> {
  const open = await opening;
  if (!open) throw noSuchKey(key);
  return open;
}

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
