import { isAscii } from 'node:buffer';
import { parseJsonBody } from './read-request.js';

const dataMember = Buffer.from('"Data":"');
const quote = 0x22;
const backslash = 0x5c;
/** Below, the plain way is as quick. */
const longBytes = 1024;

interface Entry {
  Data?: unknown;
}

/** Where the text of each `Data` is in a body without a backslash, so that each quote begins or ends a text. */
function dataIn(body: Buffer): { start: number; end: number }[] {
  const places: { start: number; end: number }[] = [];
  for (let at = body.indexOf(dataMember); at >= 0; ) {
    const start = at + dataMember.length;
    const end = body.indexOf(quote, start);
    // The first speaks for all: records of a batch are alike.
    if (end < 0 || (places.length === 0 && end - start < longBytes)) return [];
    places.push({ start, end });
    at = body.indexOf(dataMember, end);
  }
  return places;
}

const textOf = (bytes: Buffer): string => bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');

/**
 * What `parseJsonBody` gives, for a body whose bytes are nearly all in `Data`: each is copied once. As one text, a body
 * of megabytes would be copied to new memory, which costs more than its parsing.
 * @throws AwsError SerializationException when the text is not a JSON object
 */
export function parseDataBody(body: Buffer): Record<string, unknown> {
  const places = body.length < longBytes || body.includes(backslash) ? [] : dataIn(body);
  if (places.length === 0) return parseJsonBody(body);
  const rest: Buffer[] = [];
  let at = 0;
  for (const [index, { start, end }] of places.entries()) {
    // No text of a body without a backslash has this character.
    rest.push(body.subarray(at, start), Buffer.from(`\\u0000${index}`));
    at = end;
  }
  rest.push(body.subarray(at));
  let found = 0;
  const parsed: Entry & { Records?: unknown } = parseJsonBody(Buffer.concat(rest));
  for (const entry of [parsed, ...(Array.isArray(parsed.Records) ? (parsed.Records as unknown[]) : [])] as Entry[]) {
    const text = entry?.Data;
    if (typeof text !== 'string' || !text.startsWith('\0')) continue;
    const { start, end } = places[Number(text.slice(1))]!;
    entry.Data = textOf(body.subarray(start, end));
    found += 1;
  }
  // Others are where no operation has `Data`.
  return found === places.length ? (parsed as Record<string, unknown>) : parseJsonBody(body);
}
