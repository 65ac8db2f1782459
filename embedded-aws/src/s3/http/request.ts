import type { IncomingMessage } from 'node:http';
import { invalidArgument, S3Error } from '../errors.js';

/** An S3 request, by what its address says. */
export interface S3Request {
  readonly method: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

const maxKeyBytes = 1024;

/**
 * Reads a request in either of S3's styles: `http://127.0.0.1:4566/bucket/key` and `http://bucket.localhost:4566/key`
 * (also `bucket.s3.localhost` and `bucket.s3.<region>.localhost`). A `+` in a path is a plus.
 * @throws S3Error InvalidURI, KeyTooLongError, AccessDenied for a presigned URL that has expired
 */
export function readRequest(request: IncomingMessage, now = Date.now()): S3Request {
  const target = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  const mark = target.indexOf('?');
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1));
  const path = decode(rawPath.startsWith('/') ? rawPath.slice(1) : rawPath);
  const virtual = bucketOfHost(request.headers.host ?? '');
  const slash = path.indexOf('/');
  const bucket = virtual ?? (slash === -1 ? path : path.slice(0, slash));
  const key = virtual !== undefined ? path : slash === -1 ? '' : path.slice(slash + 1);
  requireKeyLength(key);
  requireNotExpired(query, now);
  return { method: request.method ?? 'GET', bucket, key, query, headers: withSignedHeaders(request.headers, query) };
}

/** @throws S3Error KeyTooLongError */
export function requireKeyLength(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > maxKeyBytes)
    throw new S3Error('KeyTooLongError', 'Your key is too long', 400, {
      Size: String(bytes),
      MaxSizeAllowed: String(maxKeyBytes),
    });
}

/** Decodes percent-encoding. @throws S3Error InvalidURI for what is not percent-encoded UTF-8 */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI: it is not percent-encoded UTF-8.", 400, {
      URI: text,
    });
  }
}

/** `shop` of `shop.s3.us-east-1.localhost:4566`. */
function bucketOfHost(host: string): string | undefined {
  const match = /^(.+)\.localhost(?::\d+)?$/i.exec(host);
  const bucket = match?.[1]?.replace(/(^|\.)s3(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?$/i, '');
  return bucket === '' ? undefined : bucket;
}

/**
 * A presigned URL may carry headers in its query. The user's metadata is taken from there; a checksum is not, as S3
 * ignores it: SDKs sign the checksum of an empty body.
 */
function withSignedHeaders(headers: IncomingMessage['headers'], query: URLSearchParams): IncomingMessage['headers'] {
  if (!query.has('X-Amz-Signature')) return headers;
  const signed: Record<string, string> = {};
  for (const [name, value] of query)
    if (/^x-amz-meta-/i.test(name)) signed[name.toLowerCase()] = Buffer.from(value).toString('latin1');
  return { ...signed, ...headers };
}

/** Refuses an expired URL, as AWS does, although it verifies no signature. */
function requireNotExpired(query: URLSearchParams, now: number): void {
  const seconds = query.get('X-Amz-Expires');
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '') ?? [];
  if (seconds === null || y === undefined) return;
  if (!/^\d{1,6}$/.test(seconds)) throw invalidArgument('X-Amz-Expires should be a number', 'X-Amz-Expires', seconds);
  const expires = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`) + Number(seconds) * 1000;
  if (expires < now)
    throw new S3Error('AccessDenied', 'Request has expired', 403, { Expires: new Date(expires).toISOString() });
}
