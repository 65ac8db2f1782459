import type { IncomingHttpHeaders } from 'node:http';
import { invalidArgument } from '../errors.js';
import { decode } from './request.js';

/**
 * The object that `x-amz-copy-source` names: `bucket/key` or `/bucket/key`, percent-encoded, perhaps with
 * `?versionId=null`.
 * @throws S3Error InvalidArgument, InvalidURI.
 */
export function copySource(headers: IncomingHttpHeaders): { bucket: string; key: string } {
  const header = String(headers['x-amz-copy-source'] ?? '');
  const mark = header.lastIndexOf('?versionId=');
  const version = mark === -1 ? 'null' : header.slice(mark + '?versionId='.length);
  if (version !== 'null') throw invalidArgument('Invalid version id specified', 'x-amz-copy-source', header);
  const path = decode(mark === -1 ? header : header.slice(0, mark)).replace(/^\//, '');
  const slash = path.indexOf('/');
  const bucket = path.slice(0, slash);
  const key = path.slice(slash + 1);
  if (slash < 1 || key === '')
    throw invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      header,
    );
  return { bucket, key };
}
