import type { IncomingHttpHeaders } from 'node:http';
import { noSuchKey, notImplemented, preconditionFailed } from '../errors.js';
import type { Condition } from '../store/object-writer.js';
import type { StoredObject } from '../store/stored-object.js';

/** Whether a header such as `"abc", "def"` or `*` names the ETag. */
function namesEtag(header: string, etag: string): boolean {
  return header.split(',').some((one) => {
    const text = one.trim().replace(/^W\//, '');
    return text === '*' || text.replace(/^"(.*)"$/, '$1') === etag;
  });
}

export interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/**
 * What a conditional read comes to. The ETag decides over the date, as in RFC 9110, section 13.2.2. A date that cannot be read, or that is in
 * the future, is as none.
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

export function readConditionsOf(headers: IncomingHttpHeaders): ReadConditions {
  return {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
  };
}

/** The conditions of a copy are on its source; one that a read would answer 304 is a failed one here. @throws S3Error PreconditionFailed. */
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
 * `If-None-Match: *` (only if there is no such object) and `If-Match` (only over that very object) of a write or a delete.
 * @throws S3Error NotImplemented for another If-None-Match, as S3 does; the condition throws PreconditionFailed and NoSuchKey.
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
