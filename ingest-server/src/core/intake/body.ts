import { limits, TooLong, undelta } from '@millrace/sdk/schema';
import { RequestError } from '../request-error.js';
import { encodingOf, inUtf8 } from './charset.js';
import { type Envelope, envelopeOf } from './envelope.js';
import type { InflationBound } from './inflation.js';
import { jsonElements } from './json-elements.js';
import { jsonLines } from './json-lines.js';
import { isObject } from './judge.js';
import { type Packing, strangeEncoding } from './packing.js';
import { type SentLine, textOf } from './sent-line.js';
import { unwrapped, unzipped } from './unzip.js';

/**
 * JSON Lines. A Blob without a type, or a sendBeacon of bytes, sends no content type; the last two are what proxies and
 * HTTP clients put in its place.
 */
const linesTypes = new Set([
  '',
  'text/plain',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
]);
const jsonType = 'application/json';
/** Where a line of `encoding=delta` begins, and no line of JSON Lines: a proxy may have stripped the parameter. */
const foldedLine = '\n"';

let lastHeader: string | undefined;
let lastType = '';

function plainType(header: string | undefined): string {
  if (header !== lastHeader) {
    lastType = (header ?? '').split(';', 1)[0]!.trim().toLowerCase();
    lastHeader = header;
  }
  return lastType;
}

/**
 * Checks the types before the body is read: the headers and the parameter `encoding`.
 * @throws RequestError unsupported_type
 */
export function checkTypes(
  contentType: string | undefined,
  contentEncoding: string | undefined,
  encoding: string | undefined,
): void {
  const type = plainType(contentType);
  if (!linesTypes.has(type) && type !== jsonType) {
    throw new RequestError(
      'unsupported_type',
      `unsupported content-type ${type}: send JSON Lines as text/plain or application/x-ndjson, or JSON as application/json`,
    );
  }
  // Throws for one that is unknown.
  encodingOf(contentType);
  const strange = strangeEncoding(contentEncoding, encoding);
  if (strange !== undefined) {
    throw new RequestError(
      'unsupported_type',
      `unsupported encoding "${strange}": send gzip or none; the parameter encoding may also be delta`,
    );
  }
}

function unfolded(body: Buffer, bound: InflationBound): Buffer {
  try {
    return Buffer.from(undelta(body.toString(), bound.bytes));
  } catch (error) {
    throw error instanceof TooLong ? bound.exceeded() : error;
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

/** The events of a body, each as it was sent, and the envelope before them, if there is one. */
export interface SentBody {
  lines: readonly SentLine[];
  envelope: Envelope | undefined;
  /** Bytes that arrived, and what they became. */
  sentBytes: number;
  bytes: number;
}

/**
 * What is in a body; a promise where a large body is inflated on another thread. The lines refer to `body`. There are
 * no lines only behind an envelope.
 * @param bound how large it may become
 * @throws RequestError unreadable, too_large or inflates_too_much
 */
export function sentBody(
  body: Buffer,
  contentType: string | undefined,
  { isZipped, isDelta, wrapper }: Packing,
  bound: InflationBound,
): SentBody | Promise<SentBody> {
  const sentBytes = body.length;
  const read = (encoded: Buffer): SentBody => {
    const unpacked = inUtf8(encoded, contentType);
    const bytes = isDelta || hasFoldedLines(unpacked, contentType) ? unfolded(unpacked, bound) : unpacked;
    return { ...contentOf(bytes, contentType), sentBytes, bytes: bytes.length };
  };
  const unzip = (zipped: Buffer) => {
    const bytes = unzipped(zipped, isZipped, bound);
    return Buffer.isBuffer(bytes) ? read(bytes) : bytes.then(read);
  };
  return wrapper === undefined ? unzip(body) : unwrapped(body, wrapper, bound).then(unzip);
}

const hasFoldedLines = (body: Buffer, contentType: string | undefined) =>
  plainType(contentType) !== jsonType && body.includes(foldedLine);

type Content = Pick<SentBody, 'lines' | 'envelope'>;

function contentOf(body: Buffer, contentType: string | undefined): Content {
  let bytes = body;
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (hasMark) bytes = bytes.subarray(3);
  if (plainType(contentType) === jsonType) {
    const text = bytes.toString();
    if (!beginsWithLine(text)) return checked(elementsOf(text), undefined);
  }
  const lines = jsonLines(bytes, limits.batchEvents + 2);
  const envelope = lines[0] && envelopeOf(textOf(lines[0]));
  return checked(envelope === undefined ? lines : lines.slice(1), envelope);
}

/** Whether a text of JSON is JSON Lines in truth: its first line is an envelope, or an object with more behind it. */
function beginsWithLine(text: string): boolean {
  const start = text.trimStart();
  const end = start.indexOf('\n');
  const first = end < 0 ? start : start.slice(0, end);
  if (envelopeOf(first) !== undefined) return true;
  if (end < 0 || start.slice(end).trim() === '') return false;
  try {
    return isObject(JSON.parse(first));
  } catch {
    return false;
  }
}

function checked(lines: SentLine[], envelope: Envelope | undefined): Content {
  if (lines.length === 0 && envelope === undefined) {
    throw new RequestError('unreadable', 'the body has no events: send one JSON object a line');
  }
  if (lines.length > limits.batchEvents) {
    throw new RequestError('too_large', `the batch has more than ${limits.batchEvents} events: split it`);
  }
  return { lines, envelope };
}
