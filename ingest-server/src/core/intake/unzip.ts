import { promisify } from 'node:util';
import { brotliDecompress, constants, createGunzip, gunzip, gunzipSync, inflate } from 'node:zlib';
import { RequestError } from '../request-error.js';
import type { InflationBound } from './inflation.js';

/** Bytes up to which a body is inflated on this thread: handing it to another costs more. */
const inflateAtOnce = 16 * 1024;
/** The tracker zips once, and a proxy may zip again. */
const maxRounds = 2;
const firstByte = 0x1f;

const gunzipped = promisify(gunzip);
/** What proxies put around a body, besides gzip, and say in `Content-Encoding`. */
const wrappers = { br: promisify(brotliDecompress), deflate: promisify(inflate) };

/** A coding that only the header tells. */
export type Wrapper = keyof typeof wrappers;

/** Whether a body under this coding is unwrapped. */
export const isWrapper = (coding: string | undefined): coding is Wrapper =>
  coding !== undefined && Object.hasOwn(wrappers, coding);

/** Whether these bytes begin like gzip. No JSON does. */
export const isZipped = (body: Buffer): boolean => body[0] === firstByte && body[1] === 0x8b;

/** Whether the first byte that is not blank, nor a byte order mark's, opens a JSON object or array. */
function beginsLikeJson(body: Buffer): boolean {
  const at = body.findIndex((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
  return body[at] === 0x7b || body[at] === 0x5b;
}

function inflateError({ code, message }: NodeJS.ErrnoException, bound: InflationBound): RequestError {
  if (code === 'ERR_BUFFER_TOO_LARGE') return bound.exceeded();
  return new RequestError('unreadable', `the body is not valid gzip, or is incomplete: ${message}`);
}

function inflated(body: Buffer, bound: InflationBound): Buffer | Promise<Buffer> {
  // Stops there, however much a small body would inflate to.
  const options = { maxOutputLength: bound.bytes };
  const failed = (error: unknown) => {
    throw inflateError(error as NodeJS.ErrnoException, bound);
  };
  if (body.length > inflateAtOnce) return gunzipped(body, options).catch(failed);
  try {
    return gunzipSync(body, options);
  } catch (error) {
    return failed(error);
  }
}

/**
 * A body without its gzip, which the bytes tell and not what was announced: a proxy may have unzipped it, zipped it
 * again, or stripped the announcement. What was gzip and was decoded as text on the way cannot be restored.
 * @param isAnnounced whether the request says that the body is gzip
 * @throws RequestError unreadable, or that of the bound
 */
export function unzipped(
  body: Buffer,
  isAnnounced: boolean,
  bound: InflationBound,
  rounds = maxRounds,
): Buffer | Promise<Buffer> {
  if (!isZipped(body)) {
    if (body[0] === firstByte || (isAnnounced && !beginsLikeJson(body))) {
      throw new RequestError(
        'unreadable',
        'the body is not valid gzip: if a proxy handles it as text, send plain text',
      );
    }
    return body;
  }
  if (rounds === 0) throw new RequestError('unreadable', `the body is zipped more than ${maxRounds} times`);
  const bytes = inflated(body, bound);
  const further = (them: Buffer) => unzipped(them, false, bound, rounds - 1);
  return Buffer.isBuffer(bytes) ? further(bytes) : bytes.then(further);
}

/**
 * A body without what the header says is around it; a layer that is not there has been taken off on the way.
 * @throws RequestError that of the bound
 */
export async function unwrapped(body: Buffer, wrapper: Wrapper, bound: InflationBound): Promise<Buffer> {
  try {
    return await wrappers[wrapper](body, { maxOutputLength: bound.bytes });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bound.exceeded();
    return body;
  }
}

/** The first bytes, at most `length`, of what begins with these zipped bytes; empty where they are no gzip. */
export async function unzippedHead(zipped: Buffer, length: number, rounds = maxRounds): Promise<Buffer> {
  const head = await new Promise<Buffer>((resolve) => {
    const stream = createGunzip({ chunkSize: length, finishFlush: constants.Z_SYNC_FLUSH });
    const finish = (bytes: Buffer) => {
      resolve(bytes);
      stream.destroy();
    };
    const none = () => finish(Buffer.alloc(0));
    stream.on('data', finish).on('end', none).on('error', none);
    stream.end(zipped);
  });
  return isZipped(head) && rounds > 1 ? unzippedHead(head, length, rounds - 1) : head;
}
