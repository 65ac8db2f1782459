import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestErrors } from '@millrace/sdk/schema';
import { type LimitName, limitRefusal } from '../core/admission/limit-refusal.js';
import type { Limiter } from '../core/admission/limiter.js';
import type { Metrics } from '../plugins/metric-counters.js';
import { bringsEvents } from './brings-events.js';
import { corsHeaders, refusalBody, refusalHeaders } from './refusal.js';
import type { SenderNetwork } from './sender-network.js';
import { createTurns } from './turns.js';

/** Answers of one network that are held back; who has more is not waiting for answers, and gets none. */
const maxHeld = 256;
/** Requests of one network in a turn of the event loop: a large batch takes some milliseconds. */
const mostATurn = 4;

/** Whom the limits ask, and who counts. */
export interface AddressLimitsOptions {
  networks: Pick<SenderNetwork, 'ofRequest'>;
  limiter: Limiter;
  metrics: Pick<Metrics, 'limited' | 'refusedUnread'>;
  /** For how long a refusal is held back, in milliseconds. */
  heldMs: number;
}

/** What one address may take of the server's time. */
export interface AddressLimits {
  /** Lets a request go on, now or in a later turn of the event loop; or answers it itself, later. */
  admit(request: IncomingMessage, response: ServerResponse, goOn: () => void): void;
  /**
   * Takes the bytes that a body may become, before it is unzipped, because that is the work.
   * @returns counts what it became instead
   * @throws RequestError too_many_requests
   */
  takeBytes(request: IncomingMessage, most: number): (actual: number) => void;
  /** Answers all at once, from now on: the server closes. */
  release(): void;
}

/**
 * Limits each address before anything else looks at its requests. A refusal costs a fraction of an accepted request,
 * but a sender that does not wait makes them by the thousand, and the server sheds everybody's load for him. So the
 * answer is held back, and the body is not read meanwhile: one connection has one refusal a second.
 */
export function createAddressLimits({ networks, limiter, metrics, heldMs }: AddressLimitsOptions): AddressLimits {
  const turns = createTurns(mostATurn, (next) => void setImmediate(next));
  const held = new Map<string, Set<() => void>>();
  let isReleased = false;

  function refuse({ headers }: IncomingMessage, response: ServerResponse, by: LimitName, waitMs: number) {
    const { message, retryAfterS } = limitRefusal(by, waitMs);
    const body = refusalBody('too_many_requests', message);
    response.writeHead(requestErrors.too_many_requests.status, {
      ...corsHeaders(headers.origin),
      ...refusalHeaders('too_many_requests', retryAfterS),
      ...(isReleased ? { connection: 'close' } : {}),
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }

  function hold(network: string, request: IncomingMessage, response: ServerResponse, by: LimitName, waitMs: number) {
    const answers = held.get(network) ?? new Set();
    if (answers.size === maxHeld) {
      request.socket.destroy();
      return;
    }
    held.set(network, answers);
    const answer = () => {
      forget();
      if (!response.destroyed) refuse(request, response, by, waitMs);
    };
    const timer = setTimeout(answer, isReleased ? 0 : heldMs);
    const forget = () => {
      clearTimeout(timer);
      answers.delete(answer);
      if (answers.size === 0) held.delete(network);
    };
    answers.add(answer);
    response.once('close', forget);
  }

  return {
    admit(request, response, goOn) {
      const network = networks.ofRequest(request);
      if (network === undefined) {
        goOn();
        return;
      }
      const isEvents = bringsEvents(request);
      // Who asks for metrics keeps nobody's events out, nor the other way round.
      const requestWaitMs = limiter.takeRequest(isEvents ? network : `${network} other`);
      const waitMs =
        requestWaitMs || (isEvents ? limiter.waitForBytes(network, Number(request.headers['content-length'] ?? 1)) : 0);
      if (waitMs === 0) {
        turns.take(network, goOn);
        return;
      }
      const by = requestWaitMs > 0 ? 'address' : 'address_bytes';
      metrics.limited(by);
      if (isEvents) metrics.refusedUnread('too_many_requests');
      hold(network, request, response, by, waitMs);
    },
    takeBytes(request, most) {
      const network = networks.ofRequest(request);
      if (network === undefined) return () => {};
      const waitMs = limiter.takeBytes(network, most);
      if (waitMs > 0) {
        metrics.limited('address_bytes');
        throw limitRefusal('address_bytes', waitMs);
      }
      return (actual) => limiter.giveBytesBack(network, most - actual);
    },
    release() {
      isReleased = true;
      for (const answers of held.values()) for (const answer of [...answers]) answer();
    },
  };
}
