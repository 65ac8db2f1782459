import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** What is counted: each event carries `zq<run>_<n>z` as a property, whatever the SDK wraps around it. */

const attempt = (read) => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

function unpacked(body) {
  if (body[0] === 0x1f && body[1] === 0x8b) return attempt(() => gunzipSync(body)) ?? body;
  return body;
}

/** The ways a body may hide its text: as it is, compressed, form-encoded, in Base64. */
function* readings(body) {
  const bytes = unpacked(body);
  const text = bytes.toString('latin1');
  yield text;
  const decoded = attempt(() => decodeURIComponent(text));
  if (decoded) yield decoded;
  const field = /(?:^|&)data=([^&]+)/.exec(text)?.[1] ?? text;
  const inner = Buffer.from(attempt(() => decodeURIComponent(field)) ?? field, 'base64');
  if (inner.length > 0) yield unpacked(inner).toString('latin1');
  for (const inflate of [inflateSync, inflateRawSync]) {
    const inflated = attempt(() => inflate(body));
    if (inflated) yield inflated.toString('latin1');
  }
}

/**
 * The numbers of the markers in a request, as often as they are there.
 * @param {Buffer} body
 * @param {string} query the part of the URL after `?`, for trackers that send with GET
 * @param {string} run
 */
export function markersIn(body, query, run) {
  const pattern = new RegExp(`zq${run}_(\\d+)z`, 'g');
  const numbers = (text) => [...text.matchAll(pattern)].map(([, n]) => Number(n));
  for (const text of readings(body)) {
    const found = numbers(text);
    if (found.length > 0) return found;
  }
  return numbers(query);
}
