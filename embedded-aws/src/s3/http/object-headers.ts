import type { IncomingHttpHeaders } from 'node:http';
import { checksumHeaders } from '../checksums.js';
import { invalidArgument, notImplemented, S3Error } from '../errors.js';
import type { ObjectMetadata } from '../store/metadata-file.js';
import type { StoredObject } from '../store/stored-object.js';

/** Headers that S3 stores as they were sent and returns. */
const keptHeaders = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'cache-control',
  'expires',
];
const userPrefix = 'x-amz-meta-';
const maxUserBytes = 2048;
const defaultContentType = 'binary/octet-stream';

/**
 * The metadata in the headers of a request that makes an object. `aws-chunked` is a transfer format, not part of the
 * object's encoding.
 * @throws S3Error MetadataTooLarge, NotImplemented for headers that this S3 would otherwise ignore
 */
export function metadataOf(headers: IncomingHttpHeaders): Pick<ObjectMetadata, 'headers' | 'user'> {
  requireImplementedHeaders(headers);
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = name === 'content-encoding' ? contentEncoding(headers[name]) : headers[name];
    if (typeof value === 'string' && value !== '') kept[name] = value;
  }
  const user: Record<string, string> = {};
  let userBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(userPrefix)) continue;
    const text = String(value);
    user[name.slice(userPrefix.length)] = text;
    userBytes += name.length - userPrefix.length + Buffer.byteLength(text, 'latin1');
  }
  if (userBytes > maxUserBytes)
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', 400, {
      Size: String(userBytes),
      MaxSizeAllowed: String(maxUserBytes),
    });
  return { headers: kept, user };
}

function contentEncoding(value: string | undefined): string | undefined {
  return value
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
    .join(',');
}

/** Headers that ask for features which this S3 does not have, each with the values that ask for nothing. */
const demandingHeaders: Record<string, readonly string[]> = {
  // Nothing is encrypted: these are files on the user's own disk. AES256 is AWS's default, so it asks for nothing.
  'x-amz-server-side-encryption': ['AES256'],
  'x-amz-server-side-encryption-customer-algorithm': [],
  'x-amz-copy-source-server-side-encryption-customer-algorithm': [],
  'x-amz-storage-class': ['STANDARD'],
  'x-amz-acl': ['private', 'bucket-owner-full-control'],
  'x-amz-tagging': [],
  'x-amz-website-redirect-location': [],
  'x-amz-object-lock-mode': [],
  'x-amz-object-lock-retain-until-date': [],
  'x-amz-object-lock-legal-hold': ['OFF'],
  'x-amz-write-offset-bytes': [],
  'x-amz-bucket-object-lock-enabled': ['false'],
};

/** Refuses headers that ask for what this S3 does not have. @throws S3Error NotImplemented */
export function requireImplementedHeaders(headers: IncomingHttpHeaders): void {
  for (const [name, harmless] of Object.entries(demandingHeaders)) {
    const value = headers[name];
    if (value !== undefined && !harmless.includes(String(value))) throw notImplemented(`The header ${name}: ${value}`);
  }
}

/** The headers of every answer about an object. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  const user = Object.entries(object.user).map(([name, value]) => [userPrefix + name, value] as const);
  return {
    'content-type': defaultContentType,
    ...object.headers,
    ...Object.fromEntries(user),
    etag: `"${object.etag}"`,
    'last-modified': object.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
  };
}

/** The checksum's headers, if the request asks for them. */
export function wantedChecksum(object: StoredObject, headers: IncomingHttpHeaders): Record<string, string> {
  const wanted = String(headers['x-amz-checksum-mode'] ?? '').toUpperCase() === 'ENABLED';
  return wanted ? checksumHeaders(object.checksum) : {};
}

const overrides: Record<string, string> = {
  'response-content-type': 'content-type',
  'response-content-language': 'content-language',
  'response-expires': 'expires',
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
};

/**
 * The headers that a GET's query puts in place of the object's.
 * @throws S3Error InvalidArgument for values that no header can hold
 */
export function overriddenHeaders(query: URLSearchParams): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [parameter, name] of Object.entries(overrides)) {
    const value = query.get(parameter);
    if (value === null) continue;
    if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value))
      throw invalidArgument('Header value cannot be represented using ISO-8859-1.', parameter, value);
    headers[name] = value;
  }
  return headers;
}
