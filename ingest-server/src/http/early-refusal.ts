import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestErrors } from '@millrace/sdk/schema';
import type { Shedding } from '../core/admission/shedding.js';
import type { Delivery } from '../core/delivery/delivery.js';
import type { Metrics } from '../plugins/metric-counters.js';
import { bringsEvents } from './brings-events.js';
import { corsHeaders, refusalBody, refusalHeaders } from './refusal.js';

/** What decides about a refusal, and who counts it. */
export interface EarlyRefusalOptions {
  /** Undefined where load is not shed. */
  shedding: Shedding | undefined;
  delivery: Pick<Delivery, 'isFull'>;
  metrics: Metrics;
}

const overloaded = refusalBody('unavailable', 'the server is overloaded: try again later');
const full = refusalBody('unavailable', 'the events cannot be stored safely now: the spool is full');

/**
 * Answers 503 to events that cannot be taken, before Fastify sees the request and before its body is read: in overload
 * most requests are refused, and each refusal takes time from those that could be accepted. Health and metrics are
 * never refused. The returned function says whether it answered.
 */
export function createEarlyRefusal({ shedding, delivery, metrics }: EarlyRefusalOptions) {
  function refuse({ headers }: IncomingMessage, response: ServerResponse, body: string) {
    const began = performance.now();
    response.writeHead(requestErrors.unavailable.status, {
      ...corsHeaders(headers.origin),
      ...refusalHeaders('unavailable'),
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
    // Not on 'finish': a sender that went away was refused all the same.
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
