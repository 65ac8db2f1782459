import type { Clock } from '@millrace/kit/clock';
import { networkOf } from './client-network.js';
import { createTokenBuckets } from './token-buckets.js';

/** The limits; each bucket holds two seconds of its rate. */
export interface LimiterOptions {
  /** Requests per second; 0 is no limit. */
  keyRequestsPerSecond: number;
  addressRequestsPerSecond: number;
  clock: Clock;
}

/** Rate limits by client address and by write key. Each call takes one request out of the bucket, if it may pass. */
export interface Limiter {
  /** 0 when a request of this address may pass, else in how many milliseconds one may. */
  takeAddress(address: string): number;
  /** The same for a write key. Ask for known keys only: an unknown one needs no bucket. */
  takeKey(key: string): number;
}

/** A bucket takes some 200 bytes. */
const maxAddresses = 50_000;
const maxKeys = 10_000;
/** How many seconds' worth of requests may come at once. */
const burstSeconds = 2;

/**
 * Token buckets rather than @fastify/rate-limit, whose fixed windows let twice the limit pass at their edges and tell
 * all clients the same moment to come back.
 */
export function createLimiter({ keyRequestsPerSecond, addressRequestsPerSecond, clock }: LimiterOptions): Limiter {
  const bucketsFor = (perSecond: number, most: number) =>
    perSecond === 0
      ? undefined
      : createTokenBuckets({ clock, perSecond, burst: Math.max(1, perSecond * burstSeconds), maxKeys: most });
  const byKey = bucketsFor(keyRequestsPerSecond, maxKeys);
  const byAddress = bucketsFor(addressRequestsPerSecond, maxAddresses);
  return {
    takeAddress: (address) => (byAddress === undefined ? 0 : byAddress.take(networkOf(address))),
    takeKey: (key) => (byKey === undefined ? 0 : byKey.take(key)),
  };
}
