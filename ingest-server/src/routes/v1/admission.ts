import type { IncomingHttpHeaders } from 'node:http';
import { isAllowed, type Origins } from '../../core/admission/origins.js';
import { checkTypes } from '../../core/intake/body.js';
import { RequestError } from '../../core/request-error.js';
import { type EventsQuery, one } from './events-query.js';

export interface Admission {
  origins: Origins;
  isKey(key: string): boolean;
}

interface Asking {
  query: EventsQuery;
  headers: IncomingHttpHeaders;
}

/**
 * Lets a request in by its write key, origin and types, before its body is read: who is not let in costs no more than this.
 * @throws RequestError wrong_key, forbidden_origin or unsupported_type
 */
export function admit({ query, headers }: Asking, { origins, isKey }: Admission) {
  const key = one(query.key) ?? '';
  if (!isKey(key)) {
    throw new RequestError(
      'wrong_key',
      key === '' ? 'the write key is missing: POST /v1/events?key=…' : 'the write key is not one of this server',
    );
  }
  const { origin } = headers;
  if (!isAllowed(origins, key, origin)) {
    throw new RequestError(
      'forbidden_origin',
      `the origin ${origin} may not send with this key: add it to MILLRACE_ORIGINS`,
    );
  }
  const encoding = one(query.encoding) ?? 'identity';
  checkTypes(headers['content-type'], [
    // Only here: no browser sets that header by itself, and a proxy would not know the name.
    encoding === 'delta' ? 'identity' : encoding,
    headers['content-encoding']?.trim().toLowerCase() ?? 'identity',
  ]);
}
