import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestErrors } from '@millrace/sdk/schema';
import type { Shedding } from '../core/admission/shedding.js';
import type { Delivery } from '../core/delivery/delivery.js';
import { errorBody, retryAfterSeconds } from '../core/request-error.js';
import { readableAnswer } from '../plugins/cors.js';
import type { Metrics } from '../plugins/metric-counters.js';

export interface EarlyRefusalOptions {
  /** Absent where nobody is refused for the event loop's sake. */
  shedding: Shedding | undefined;
  delivery: Pick<Delivery, 'isFull'>;
  metrics: Metrics;
}

const overloaded = errorBody('unavailable', 'the server has more to do than it can: come back later');
const full = errorBody('unavailable', 'the events cannot be stored safely now: the spool is full');

const bringsEvents = ({ method, url = '' }: IncomingMessage) =>
  method === 'POST' && url.startsWith('/v1/events') && (url.length === 10 || url[10] === '?');

/**
 * Answers 503 to events that cannot be taken, before Fastify makes anything of the request and before its body is read: what a refusal costs is
 * taken from the requests that could be accepted, and where many more come than can be done it is most of them that cost it. Returns whether it did.
 * Who asks for health or metrics is never refused.
 */
export function createEarlyRefusal({ shedding, delivery, metrics }: EarlyRefusalOptions) {
  function refuse({ headers }: IncomingMessage, response: ServerResponse, body: string) {
    const began = performance.now();
    response.writeHead(requestErrors.unavailable.status, {
      ...readableAnswer(headers.origin),
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'retry-after': String(retryAfterSeconds()),
      'access-control-expose-headers': 'retry-after',
    });
    response.end(body);
    // Not when it has been sent: a sender that went away was refused all the same.
    metrics.answered('unavailable', (performance.now() - began) / 1000);
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!bringsEvents(request)) return false;
    if (shedding?.sheds()) {
      metrics.shed();
      refuse(request, response, overloaded);
      return true;
    }
    if (delivery.isFull()) {
      refuse(request, response, full);
      return true;
    }
    return false;
  };
}
