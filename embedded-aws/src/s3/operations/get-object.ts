import { pipeline } from 'node:stream/promises';
import { invalidArgument, noSuchKey, preconditionFailed, S3Error } from '../errors.js';
import { requestIds, sendEmpty } from '../http/answer.js';
import { readConditionsOf, readOutcome } from '../http/conditions.js';
import { objectHeaders, overriddenHeaders, wantedChecksum } from '../http/object-headers.js';
import { type ByteRange, parseRange } from '../http/range.js';
import { errorCode } from '../store/disk.js';
import type { StoredObject } from '../store/stored-object.js';
import { wholeContent } from '../store/verify-content.js';
import type { Call, Handler } from './call.js';
import { requireObject } from './require-object.js';

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * A damaged object is answered with 500; where the answer has begun, its connection breaks before the end.
 */
export const getObject: Handler = async (call) => {
  const { request, store, response } = call;
  const headers = overriddenHeaders(request.query);
  const { object, handle } = await requireObject(store.open(request.bucket, request.key), request.key);
  try {
    const answer = readAnswer(call, object);
    const begin = () => response.writeHead(answer.status, { ...requestIds(), ...answer.headers, ...headers });
    if (answer.status === 304 || answer.bytes === 0) {
      begin().end();
      return;
    }
    const { start, end } = answer.range;
    if (answer.bytes === object.size) {
      const content = wholeContent(request.bucket, object, handle);
      // A small object is known to be whole before the answer begins.
      const first = await content.next();
      await pipeline(goOn(first, content), begin());
      return;
    }
    await store.requireWhole(request.bucket, object, handle);
    await pipeline(handle.createReadStream({ start, end, autoClose: false, highWaterMark: 256 * 1024 }), begin());
  } catch (error) {
    // The client disconnected.
    if (errorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await handle.close();
  }
};

async function* goOn(first: IteratorResult<Buffer, void>, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

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
