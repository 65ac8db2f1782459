import { requestErrors } from '@millrace/sdk/schema';
import type { FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { networkOf } from '../core/client-network.js';
import type { Clock } from '../core/clock.js';
import type { Delivery } from '../core/delivery.js';
import { watchLoopDelay } from '../core/loop-delay.js';
import { createTokenBuckets } from '../core/token-buckets.js';
import { errorBody, RequestError, retryAfterSeconds } from '../request-error.js';
import type { Metrics } from './metric-counters.js';

export interface ProtectionOptions {
  /** Requests per second; 0 is no limit. */
  keyRequestsPerSecond: number;
  addressRequestsPerSecond: number;
  /** The event loop's delay from which on every request is refused; 0 refuses none. */
  shedDelayMs: number;
  isKey(key: string): boolean;
  delivery: Pick<Delivery, 'isFull'>;
  metrics: Metrics;
  clock: Clock;
  random?: () => number;
}

/** A bucket takes some 200 bytes. */
const maxAddresses = 50_000;
const maxKeys = 10_000;
/** So many seconds' worth may come at once. */
const burstSeconds = 2;

/**
 * Answers 503 past Fastify's ways for errors and payloads: what they cost is taken from the requests that could have been accepted, and where
 * many more come than can be done, from most of them.
 */
function refuse(reply: FastifyReply, body: string) {
  reply.hijack();
  const headers: string[] = [];
  const own = reply.getHeaders();
  for (const name in own) headers.push(name, own[name] as string);
  headers.push(
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
    'retry-after',
    String(retryAfterSeconds()),
    'access-control-expose-headers',
    'retry-after',
  );
  reply.raw.writeHead(requestErrors.unavailable.status, headers).end(body);
}

/**
 * Refuses what is too much, before its body is read: in microseconds, so that what is accepted stays quick. Registered around the routes that
 * take events; who asks for health or metrics is answered always. Not @fastify/rate-limit: its fixed windows let twice the limit pass at
 * their edges and tell all clients the same moment to come back at.
 */
export const protection = fp<ProtectionOptions>(
  async (app, options) => {
    const { shedDelayMs, isKey, delivery, metrics, clock, random = Math.random } = options;
    const bucketsFor = (perSecond: number, most: number) =>
      perSecond === 0
        ? undefined
        : createTokenBuckets({ clock, perSecond, burst: Math.max(1, perSecond * burstSeconds), maxKeys: most });
    const byKey = bucketsFor(options.keyRequestsPerSecond, maxKeys);
    const byAddress = bucketsFor(options.addressRequestsPerSecond, maxAddresses);
    const loop = shedDelayMs === 0 ? undefined : watchLoopDelay(clock, shedDelayMs);
    app.addHook('onClose', async () => loop?.stop());

    /** Comes back when there is room, but not with all the others that were refused. */
    const tooMany = (by: 'key' | 'address', waitMs: number) => {
      metrics.limited(by);
      const seconds = Math.ceil(waitMs / 1000 + random() * 4) + 1;
      return new RequestError('too_many_requests', `too many requests by this ${by}: wait ${seconds} s`, seconds);
    };

    const overloaded = errorBody('unavailable', 'the server has more to do than it can: come back later');
    const full = errorBody('unavailable', 'the events cannot be stored safely now: the spool is full');

    app.addHook<{ Querystring: { key?: string | string[] } }>('onRequest', (request, reply, done) => {
      if (loop?.sheds(random)) {
        metrics.shed();
        refuse(reply, overloaded);
        return;
      }
      if (delivery.isFull()) {
        refuse(reply, full);
        return;
      }
      try {
        check(request);
      } catch (error) {
        done(error as Error);
        return;
      }
      done();
    });

    function check(request: { ip: string; query: { key?: string | string[] } }) {
      if (byAddress !== undefined) {
        const waitMs = byAddress.take(networkOf(request.ip));
        if (waitMs > 0) throw tooMany('address', waitMs);
      }
      const { key } = request.query;
      // A key that nobody has gets no bucket: the route refuses it.
      if (byKey !== undefined && typeof key === 'string' && isKey(key)) {
        const waitMs = byKey.take(key);
        if (waitMs > 0) throw tooMany('key', waitMs);
      }
    }
  },
  { name: 'protection' },
);
