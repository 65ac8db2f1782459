import type { Clock } from '@millrace/kit/clock';
import fp from 'fastify-plugin';
import { networkOf } from '../core/admission/client-network.js';
import { createTokenBuckets } from '../core/admission/token-buckets.js';
import { RequestError } from '../core/request-error.js';
import type { Metrics } from './metric-counters.js';

export interface ProtectionOptions {
  /** Requests per second; 0 is no limit. */
  keyRequestsPerSecond: number;
  addressRequestsPerSecond: number;
  isKey(key: string): boolean;
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
 * Refuses what is too much of one key or address, before its body is read. Registered around the routes that take events. Not
 * @fastify/rate-limit: its fixed windows let twice the limit pass at their edges and tell all clients the same moment to come back at.
 */
export const protection = fp<ProtectionOptions>(
  async (app, options) => {
    const { isKey, metrics, clock, random = Math.random } = options;
    const bucketsFor = (perSecond: number, most: number) =>
      perSecond === 0
        ? undefined
        : createTokenBuckets({ clock, perSecond, burst: Math.max(1, perSecond * burstSeconds), maxKeys: most });
    const byKey = bucketsFor(options.keyRequestsPerSecond, maxKeys);
    const byAddress = bucketsFor(options.addressRequestsPerSecond, maxAddresses);

    /** Comes back when there is room, but not with all the others that were refused. */
    const tooMany = (by: 'key' | 'address', waitMs: number) => {
      metrics.limited(by);
      const seconds = Math.ceil(waitMs / 1000 + random() * 4) + 1;
      return new RequestError('too_many_requests', `too many requests by this ${by}: wait ${seconds} s`, seconds);
    };

    app.addHook<{ Querystring: { key?: string | string[] } }>('onRequest', (request, _reply, done) => {
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
