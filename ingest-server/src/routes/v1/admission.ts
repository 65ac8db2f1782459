import type { IncomingHttpHeaders } from 'node:http';
import { limitRefusal } from '../../core/admission/limit-refusal.js';
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
  /** A request was refused with 429. */
  limited(by: 'key'): void;
}

/** Of a request, what admission looks at. */
export interface Arriving {
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
}

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

/** Checks a request's write key, origin and types. */
export function createAdmission({ origins, isKey, limiter, limited }: AdmissionOptions): Admission {
  function admitted(key: string, { query, headers }: Arriving): string {
    const waitMs = limiter.takeKey(key);
    if (waitMs > 0) {
      limited('key');
      throw limitRefusal('key', waitMs);
    }
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
      const key = one(request.query.key) ?? '';
      return isKey(key) ? admitted(key, request) : undefined;
    },
    byEnvelope(request, envelope) {
      if (envelope !== undefined && isKey(envelope.key)) return admitted(envelope.key, request);
      throw keyError(request, envelope);
    },
  };
}
