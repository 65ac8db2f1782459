import type { IncomingHttpHeaders } from 'node:http';
import type { Limiter } from '../../core/admission/limiter.js';
import { isAllowed, type Origins } from '../../core/admission/origins.js';
import { checkTypes } from '../../core/intake/body.js';
import { RequestError } from '../../core/request-error.js';
import { type EventsQuery, one } from './events-query.js';

/** Who may send, from where, and how much. */
export interface AdmissionOptions {
  origins: Origins;
  isKey(key: string): boolean;
  limiter: Limiter;
  /** A request was refused with 429. */
  limited(by: 'key' | 'address'): void;
}

interface Arriving {
  ip: string;
  query: EventsQuery;
  headers: IncomingHttpHeaders;
}

/** Admits a request and returns its write key. @throws RequestError */
export type Admission = (request: Arriving) => string;

/**
 * Checks a request's address, write key, origin and types before its body is read, so that a refusal costs no more than
 * this. The admission throws wrong_key, forbidden_origin, unsupported_type or too_many_requests.
 */
export function createAdmission({ origins, isKey, limiter, limited }: AdmissionOptions): Admission {
  function checkRate(by: 'key' | 'address', waitMs: number) {
    if (waitMs === 0) return;
    limited(by);
    // When there is room again, but spread, so that refused clients do not return together.
    const seconds = Math.ceil(waitMs / 1000 + Math.random() * 4) + 1;
    throw new RequestError('too_many_requests', `too many requests by this ${by}: wait ${seconds} s`, seconds);
  }

  return ({ ip, query, headers }) => {
    checkRate('address', limiter.takeAddress(ip));
    const key = one(query.key) ?? '';
    if (!isKey(key)) {
      const problem = key === '' ? 'missing: POST /v1/events?key=…' : 'unknown to this server';
      throw new RequestError('wrong_key', `the write key is ${problem}`);
    }
    checkRate('key', limiter.takeKey(key));
    const { origin } = headers;
    if (!isAllowed(origins, key, origin)) {
      throw new RequestError(
        'forbidden_origin',
        `the origin ${origin} may not send with this key: add it to MILLRACE_ORIGINS`,
      );
    }
    const encoding = one(query.encoding) ?? 'identity';
    checkTypes(headers['content-type'], [
      // Only in the address: browsers do not set that header by themselves, and proxies do not know the name.
      encoding === 'delta' ? 'identity' : encoding,
      headers['content-encoding']?.trim().toLowerCase() ?? 'identity',
    ]);
    return key;
  };
}
