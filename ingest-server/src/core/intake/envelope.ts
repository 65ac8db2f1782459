import { isObject } from './judge.js';

/**
 * What a query says, as the first line of JSON Lines: `{"key":"demo","batch":"…","sent_at":1764500000000}`. For
 * requests whose query is stripped on the way. It is no event.
 */
export interface Envelope {
  readonly key: string;
  readonly batch?: string;
  /** The client's clock when it sent, in milliseconds since 1970. */
  readonly sent_at?: number;
}

/** The most bytes of an envelope, spaces around it included. */
export const maxEnvelopeBytes = 1024;

const types: Readonly<Record<string, string>> = { key: 'string', batch: 'string', sent_at: 'number' };
// An own name, so that no member of Object.prototype counts.
const fits = ([name, value]: [string, unknown]) => Object.hasOwn(types, name) && typeof value === types[name];

/** The envelope that a line is: an object with `key` and perhaps `batch` and `sent_at`, and nothing else. */
export function envelopeOf(line: string): Envelope | undefined {
  if (line.length > maxEnvelopeBytes || !line.includes('"key"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !Object.hasOwn(value, 'key') || !Object.entries(value).every(fits)) return undefined;
  return value as unknown as Envelope;
}

/** The first line of a body that begins with `head`; undefined while it may go on. */
export function firstLine(head: Buffer, isWhole: boolean): string | undefined {
  const text = head.toString('utf8', 0, maxEnvelopeBytes).trimStart();
  const end = text.indexOf('\n');
  if (end >= 0) return text.slice(0, end);
  return isWhole || head.length >= maxEnvelopeBytes || (text !== '' && text[0] !== '{') ? text : undefined;
}
