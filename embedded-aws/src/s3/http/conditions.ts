import type { IncomingHttpHeaders } from 'node:http';
import { noSuchKey, notImplemented, preconditionFailed } from '../errors.js';
import type { Condition } from '../store/object-writer.js';
import type { StoredObject } from '../store/stored-object.js';

/** Whether a header such as `"abc", "def"` or `*` matches the ETag. */
function namesEtag(header: string, etag: string): boolean {
  return header.split(',').some((one) => {
    const text = one.trim().replace(/^W\//, '');
    return text === '*' || text.replace(/^"(.*)"$/, '$1') === etag;
  });
}

/** The conditional headers of a read. */
export interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/**
 * Decides a conditional read. The ETag goes before the date, as in RFC 9110, section 13.2.2. A date that is invalid or
 * in the future is ignored.
 */
export function readOutcome(
  object: Pick<StoredObject, 'etag' | 'lastModified'>,
  conditions: ReadConditions,
  now = Date.now(),
): 'read' | 'notModified' | { failed: string } {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const modified = object.lastModified.getTime();
  if (ifMatch !== undefined) {
    if (!namesEtag(ifMatch, object.etag)) return { failed: 'If-Match' };
  } else if (ifUnmodifiedSince !== undefined) {
    const since = Date.parse(ifUnmodifiedSince);
    if (!Number.isNaN(since) && modified > since) return { failed: 'If-Unmodified-Since' };
  }
  if (ifNoneMatch !== undefined) return namesEtag(ifNoneMatch, object.etag) ? 'notModified' : 'read';
  if (ifModifiedSince !== undefined) {
    const since = Date.parse(ifModifiedSince);
    if (!Number.isNaN(since) && since <= now && modified <= since) return 'notModified';
  }
  return 'read';
}

/** The conditions in a request's headers. */
export function readConditionsOf(headers: IncomingHttpHeaders): ReadConditions {
  return {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
  };
}

/**
 * Checks a copy's conditions, which are on its source. Where a read would answer 304, a copy fails.
 * @throws S3Error PreconditionFailed
 */
export function requireCopyConditions(source: StoredObject, headers: IncomingHttpHeaders): void {
  const header = (name: string) => headers[`x-amz-copy-source-${name}`] as string | undefined;
  const outcome = readOutcome(source, {
    ifMatch: header('if-match'),
    ifNoneMatch: header('if-none-match'),
    ifModifiedSince: header('if-modified-since'),
    ifUnmodifiedSince: header('if-unmodified-since'),
  });
  if (outcome === 'notModified') throw preconditionFailed('x-amz-copy-source-If-None-Match or -If-Modified-Since');
  if (outcome !== 'read') throw preconditionFailed(`x-amz-copy-source-${outcome.failed}`);
}

/**
 * The condition of a write or a delete: `If-None-Match: *` (the object does not exist) or `If-Match` (it has this
 * ETag).
 * @throws S3Error NotImplemented for another If-None-Match, as S3 does; the condition throws PreconditionFailed and
 * NoSuchKey
 */
export function writeCondition(key: string, headers: IncomingHttpHeaders): Condition | undefined {
  const ifNoneMatch = headers['if-none-match'];
  const ifMatch = headers['if-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*')
    throw notImplemented('If-None-Match with anything but * on a write');
  if (ifNoneMatch === undefined && ifMatch === undefined) return undefined;
  return (current) => {
    if (ifNoneMatch !== undefined && current) throw preconditionFailed('If-None-Match');
    if (ifMatch !== undefined) {
      if (!current) throw noSuchKey(key);
      if (!namesEtag(ifMatch, current.etag)) throw preconditionFailed('If-Match');
    }
  };
}
