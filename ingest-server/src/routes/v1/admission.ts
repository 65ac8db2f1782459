import type { IncomingHttpHeaders } from 'node:http';
import { networkOf } from '../../core/admission/client-network.js';
import type { Limiter } from '../../core/admission/limiter.js';
import { isAllowed, type Origins } from '../../core/admission/origins.js';
import { checkTypes } from '../../core/intake/body.js';
import type { Envelope } from '../../core/intake/envelope.js';
import { RequestError } from '../../core/request-error.js';
import { type EventsQuery, one } from './events-query.js';

/** Who may send, from where, and how much. */
export interface AdmissionOptions {
  origins: Origins;
  isKey(key: string): boolean;
  limiter: Limiter;
  /** Whether a request's address is its sender's, and so counts for the limits. */
  isSenders(address: string, headers: IncomingHttpHeaders): boolean;
  /** A request was refused with 429. */
  limited(by: LimitName): void;
}

/** Where a request exceeded a limit. */
export type LimitName = 'key' | 'address' | 'address_bytes';

/** Of a request, what admission looks at. */
export interface Arriving {
  ip: string;
  query: EventsQuery;
  headers: IncomingHttpHeaders;
}

/**
 * Admits requests and returns their write keys. Throws missing_key, wrong_key, forbidden_origin, unsupported_type or
 * too_many_requests.
 */
export interface Admission {
  /**
   * Before the body is read, so that a refusal costs no more than this. Undefined where the query has no known key:
   * then `byEnvelope` decides, by the beginning of the body. @throws RequestError
   */
  byQuery(request: Arriving): string | undefined;
  /** By the envelope; undefined where the body has none. @throws RequestError */
  byEnvelope(request: Arriving, envelope: Envelope | undefined): string;
  /** Counts the bytes that the body has, unzipped. @throws RequestError too_many_requests */
  takeBytes(request: Arriving, bytes: number): void;
}

const limitWords: Record<LimitName, string> = {
  key: 'too many requests by this key',
  address: 'too many requests by this address',
  address_bytes: 'too many bytes by this address',
};

const shown = (key: string) => (key.length > 64 ? `${key.slice(0, 64)}…` : key);

function keyError({ query }: Arriving, envelope?: Envelope): RequestError {
  const key = [query.key, envelope?.key].flat().find((given) => given);
  return key === undefined
    ? new RequestError(
        'missing_key',
        'the write key is missing: send it in the address (POST /v1/events?key=KEY), or, if a proxy strips queries, ' +
          'as the first line of the body ({"key":"KEY"})',
      )
    : new RequestError(
        'wrong_key',
        `the write key "${shown(key)}" is unknown to this server: correct data-key (or the option key) in the page, ` +
          'or add the key to MILLRACE_WRITE_KEYS on the server',
      );
}

/** Checks a request's address, write key, origin and types. */
export function createAdmission({ origins, isKey, limiter, isSenders, limited }: AdmissionOptions): Admission {
  function checkRate(by: LimitName, waitMs: number) {
    if (waitMs === 0) return;
    limited(by);
    // When there is room again, but spread, so that refused clients do not return together.
    const seconds = Math.ceil(waitMs / 1000 + Math.random() * 4) + 1;
    throw new RequestError('too_many_requests', `${limitWords[by]}: wait ${seconds} s`, seconds);
  }

  // A connection that has gone has no address, and nobody to refuse.
  const limitedNetwork = ({ ip, headers }: Arriving) => (ip && isSenders(ip, headers) ? networkOf(ip) : undefined);

  function admitted(key: string, { query, headers }: Arriving): string {
    checkRate('key', limiter.takeKey(key));
    const { origin } = headers;
    if (!isAllowed(origins, key, origin)) {
      throw new RequestError(
        'forbidden_origin',
        `the origin ${origin} may not send with this key: add it to MILLRACE_ORIGINS on the server`,
      );
    }
    checkTypes(headers['content-type'], headers['content-encoding'], one(query.encoding));
    return key;
  }

  return {
    byQuery(request) {
      const network = limitedNetwork(request);
      if (network !== undefined) {
        checkRate('address', limiter.takeRequest(network));
        checkRate('address_bytes', limiter.waitForBytes(network, Number(request.headers['content-length'] ?? 1)));
      }
      const key = one(request.query.key) ?? '';
      return isKey(key) ? admitted(key, request) : undefined;
    },
    byEnvelope(request, envelope) {
      if (envelope !== undefined && isKey(envelope.key)) return admitted(envelope.key, request);
      throw keyError(request, envelope);
    },
    takeBytes(request, bytes) {
      const network = limitedNetwork(request);
      if (network !== undefined) checkRate('address_bytes', limiter.takeBytes(network, bytes));
    },
  };
}
