import { checksumElement } from '../checksums.js';
import { invalidArgument } from '../errors.js';
import { sendXml } from '../http/answer.js';
import type { XmlElement } from '../http/xml.js';
import type { StoredObject } from '../store/stored-object.js';
import { type Call, type Handler, owner } from './call.js';
import { listPage, type Page } from './list-page.js';

const maxKeysAPage = 1000;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listObjectsV2: Handler = async (call) => {
  const { query, bucket } = call.request;
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const position = token === null ? { after: startAfter } : readToken(token);
  const { page, objects, common, encode, maxKeys } = await list(call, position);
  const withOwner = query.get('fetch-owner') === 'true';
  sendXml(call.response, 'ListBucketResult', {
    Name: bucket,
    ...common,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.next && writeToken(page.next),
    StartAfter: startAfter === '' ? undefined : encode(startAfter),
    KeyCount: objects.length + page.commonPrefixes.length,
    MaxKeys: maxKeys,
    IsTruncated: page.next !== undefined,
    Contents: objects.map((object) => contents(object, encode, withOwner)),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects: Handler = async (call) => {
  const { query, bucket } = call.request;
  const marker = query.get('marker') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  // A marker that is a common prefix, as NextMarker may be, stands for everything in it.
  const isPrefix = delimiter !== '' && marker.endsWith(delimiter);
  const { page, objects, common, encode, maxKeys } = await list(call, {
    after: marker,
    ...(isPrefix && { behindPrefix: marker }),
  });
  const next = page.next && ('key' in page.next ? page.next.key : page.next.commonPrefix);
  sendXml(call.response, 'ListBucketResult', {
    Name: bucket,
    ...common,
    Marker: encode(marker),
    // Without a delimiter, clients continue after the last key.
    NextMarker: next !== undefined && delimiter !== '' ? encode(next) : undefined,
    MaxKeys: maxKeys,
    IsTruncated: next !== undefined,
    Contents: objects.map((object) => contents(object, encode, true)),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
};

interface Listed {
  readonly page: Page;
  readonly objects: readonly StoredObject[];
  /** The elements that both versions of the operation answer with. */
  readonly common: XmlElement;
  readonly encode: (key: string) => string;
  readonly maxKeys: number;
}

async function list({ request, store }: Call, position: { after: string; behindPrefix?: string }): Promise<Listed> {
  const { query, bucket } = request;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const encode = encoder(query);
  const maxKeys = pageSize(query, 'max-keys');
  await store.requireBucket(bucket);
  const page = await listPage({ prefix, delimiter, maxKeys, ...position }, (options) => store.walk(bucket, options));
  const objects = await store.describe(bucket, page.objects);
  const common = {
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: query.get('encoding-type') ?? undefined,
  };
  return { page, objects, common, encode, maxKeys };
}

function contents(object: StoredObject, encode: (key: string) => string, withOwner: boolean): XmlElement {
  return {
    Key: encode(object.key),
    LastModified: object.lastModified.toISOString(),
    ETag: `"${object.etag}"`,
    ChecksumAlgorithm: object.checksum && checksumElement(object.checksum.algorithm).slice('Checksum'.length),
    ChecksumType: object.checksum?.type,
    Size: object.size,
    ...(withOwner && { Owner: owner }),
    StorageClass: 'STANDARD',
  };
}

/** The page size in a query, at most 1,000, as in S3. @throws S3Error InvalidArgument */
export function pageSize(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? String(maxKeysAPage);
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1)
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, text);
  return Math.min(Number(text), maxKeysAPage);
}

/**
 * With `encoding-type=url`, keys are percent-encoded but for `/`, so that XML can carry each of them.
 * @throws S3Error InvalidArgument
 */
export function encoder(query: URLSearchParams): (key: string) => string {
  const type = query.get('encoding-type');
  if (type === null) return (key) => key;
  if (type !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  return (key) =>
    encodeURIComponent(key)
      .replaceAll('%2F', '/')
      .replace(/[!'()]/g, percent);
}

const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

function writeToken(next: NonNullable<Page['next']>): string {
  return Buffer.from(JSON.stringify(next)).toString('base64url');
}

function readToken(token: string): { after: string; behindPrefix?: string } {
  try {
    const next = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Record<string, unknown>;
    if (typeof next.key === 'string') return { after: next.key };
    if (typeof next.commonPrefix === 'string') return { after: next.commonPrefix, behindPrefix: next.commonPrefix };
  } catch {
    // Answered below, with the case of JSON of another shape.
  }
  throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
}
