import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import { limits, TooLong, undelta } from '@millrace/sdk/schema';
import { RequestError } from '../request-error.js';
import { jsonElements } from './json-elements.js';
import { jsonLines } from './json-lines.js';
import type { SentLine } from './sent-line.js';

/** JSON Lines; a Blob without a type, or a sendBeacon of bytes, sends no content type. */
const linesTypes = new Set(['', 'text/plain', 'application/x-ndjson', 'application/ndjson', 'application/jsonl']);
const jsonType = 'application/json';
/** Bytes up to which a body is inflated on this thread: handing it to another costs more. */
const inflateAtOnce = 16 * 1024;

const inflate = promisify(gunzip);

let lastHeader: string | undefined;
let lastType = '';

function plainType(header: string | undefined): string {
  if (header !== lastHeader) {
    lastType = (header ?? '').split(';', 1)[0]!.trim().toLowerCase();
    lastHeader = header;
  }
  return lastType;
}

/** How a body is packed: `gzip`; `delta`, which leaves out what a line shares with the one before; or both. */
export type Packing = 'gzip' | 'delta' | 'delta in gzip' | undefined;

/** The packing, from the `encoding` parameter (needs no preflight) and the `content-encoding` header (gzip only). */
export function packingOf(encoding: unknown, header: string | undefined): Packing {
  const isZipped = encoding === 'gzip' || (header !== undefined && header.trim().toLowerCase() === 'gzip');
  if (encoding === 'delta') return isZipped ? 'delta in gzip' : 'delta';
  return isZipped ? 'gzip' : undefined;
}

/** Checks the types before the body is read. @throws RequestError unsupported_type */
export function checkTypes(contentType: string | undefined, encodings: readonly string[]): void {
  const type = plainType(contentType);
  if (!linesTypes.has(type) && type !== jsonType) {
    throw new RequestError(
      'unsupported_type',
      `unsupported content-type ${type}: send JSON Lines as text/plain or application/x-ndjson, or JSON as application/json`,
    );
  }
  for (const encoding of encodings) {
    if (encoding !== 'gzip' && encoding !== 'identity') {
      throw new RequestError(
        'unsupported_type',
        `unsupported encoding "${encoding}": send gzip or none; the parameter encoding may also be delta`,
      );
    }
  }
}

function inflated(body: Buffer): Buffer | Promise<Buffer> {
  // Stops at the limit, however much a small body would inflate to.
  const options = { maxOutputLength: limits.batchBytes };
  const failed = (error: unknown) => {
    throw inflateError(error as NodeJS.ErrnoException);
  };
  if (body.length > inflateAtOnce) return inflate(body, options).catch(failed);
  try {
    return gunzipSync(body, options);
  } catch (error) {
    return failed(error);
  }
}

function inflateError({ code, message }: NodeJS.ErrnoException): RequestError {
  if (code !== 'ERR_BUFFER_TOO_LARGE') {
    return new RequestError('unreadable', `the body is not valid gzip, or is incomplete: ${message}`);
  }
  return new RequestError('too_large', `the body has more than ${limits.batchBytes} bytes unzipped: split the batch`);
}

function unfolded(body: Buffer): Buffer {
  try {
    return Buffer.from(undelta(body.toString(), limits.batchBytes));
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    throw new RequestError(
      'too_large',
      `the body has more than ${limits.batchBytes} bytes without delta encoding: split the batch`,
    );
  }
}

function elementsOf(text: string): SentLine[] {
  try {
    // An element may span several lines, so it is never stored as it stands.
    return jsonElements(text, limits.batchEvents + 1).map((chars) => ({ chars, isDecoded: true, bytes: undefined }));
  } catch (error) {
    throw new RequestError('unreadable', `the body is not valid application/json: ${(error as Error).message}`);
  }
}

/**
 * The events in a body, each as it was sent; a promise where a large body is inflated on another thread. The lines
 * refer to `body`.
 * @throws RequestError unreadable or too_large
 */
export function sentLines(
  body: Buffer,
  contentType: string | undefined,
  packing: Packing,
): SentLine[] | Promise<SentLine[]> {
  if (packing === undefined) return linesOf(body, contentType);
  const lines = (bytes: Buffer) => linesOf(packing === 'gzip' ? bytes : unfolded(bytes), contentType);
  if (packing === 'delta') return lines(body);
  const bytes = inflated(body);
  return Buffer.isBuffer(bytes) ? lines(bytes) : bytes.then(lines);
}

function linesOf(body: Buffer, contentType: string | undefined): SentLine[] {
  let bytes = body;
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (hasMark) bytes = bytes.subarray(3);
  const lines =
    plainType(contentType) === jsonType ? elementsOf(bytes.toString()) : jsonLines(bytes, limits.batchEvents + 1);
  if (lines.length === 0) throw new RequestError('unreadable', 'the body has no events: send one JSON object a line');
  if (lines.length > limits.batchEvents) {
    throw new RequestError('too_large', `the batch has more than ${limits.batchEvents} events: split it`);
  }
  return lines;
}
