import { isUtf8 } from 'node:buffer';
import { limits } from '@millrace/sdk/schema';
import { RequestError } from '../request-error.js';

/** Encodings in which bytes below 128 are not the letters of ASCII; in all others the structure of JSON is plain. */
const notLikeAscii = new Set(['utf-16le', 'utf-16be', 'iso-2022-jp']);

let lastHeader: string | undefined;
let lastEncoding: string | undefined;

/**
 * The encoding that a content type names, by its one name; undefined for UTF-8 and where it names none.
 * @throws RequestError unsupported_type for one that nobody knows
 */
export function encodingOf(contentType: string | undefined): string | undefined {
  if (contentType !== lastHeader) {
    lastEncoding = parseEncoding(contentType ?? '');
    lastHeader = contentType;
  }
  return lastEncoding;
}

function parseEncoding(contentType: string): string | undefined {
  const label = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1];
  if (label === undefined) return undefined;
  try {
    const { encoding } = new TextDecoder(label);
    return encoding === 'utf-8' ? undefined : encoding;
  } catch {
    throw new RequestError('unsupported_type', `unsupported charset "${label.slice(0, 64)}": send UTF-8`);
  }
}

/** The encoding that a byte order mark tells, if it is not UTF-8. */
function markedEncoding(body: Buffer): string | undefined {
  if (body[0] === 0xff && body[1] === 0xfe) return 'utf-16le';
  return body[0] === 0xfe && body[1] === 0xff ? 'utf-16be' : undefined;
}

/**
 * A body in UTF-8, whatever its encoding. One that is valid UTF-8 is taken as such, also under another label: proxies
 * and servers add labels, and hardly any text in another encoding is valid UTF-8 by chance.
 * @throws RequestError unreadable, too_large or unsupported_type
 */
export function inUtf8(body: Buffer, contentType: string | undefined): Buffer {
  const encoding = markedEncoding(body) ?? encodingOf(contentType);
  if (encoding === undefined || (!notLikeAscii.has(encoding) && isUtf8(body))) return body;
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(body);
  } catch {
    throw new RequestError(
      'unreadable',
      `the body is not valid ${encoding}, which its charset or first bytes name: send UTF-8`,
    );
  }
  const bytes = Buffer.from(text);
  if (bytes.length > limits.batchBytes) {
    throw new RequestError('too_large', `the body has ${bytes.length} bytes in UTF-8: split the batch`);
  }
  return bytes;
}
