import type { Clock } from '@millrace/kit/clock';
import { limits } from '@millrace/sdk/schema';
import { createTokenBuckets } from './token-buckets.js';

/** The limits; each bucket holds two seconds of its rate, and one batch of bytes at least. */
export interface LimiterOptions {
  /** Requests per second; 0 is no limit. */
  keyRequestsPerSecond: number;
  addressRequestsPerSecond: number;
  /** Bytes per second, of bodies as they are when unzipped; 0 is no limit. */
  addressBytesPerSecond: number;
  clock: Clock;
}

/**
 * Rate limits by write key and by the client's network. Each call returns 0 where the request may pass, else in how
 * many milliseconds it may.
 */
export interface Limiter {
  /** Takes one request. */
  takeRequest(network: string): number;
  /** Whether there is room for a body of so many bytes, before it is read. */
  waitForBytes(network: string, bytes: number): number;
  /** Takes the bytes that a body may become, more than there are if there are any. */
  takeBytes(network: string, bytes: number): number;
  /** Gives back what it did not become. */
  giveBytesBack(network: string, bytes: number): void;
  /** Takes one request of a write key. Ask for known keys only: an unknown one needs no bucket. */
  takeKey(key: string): number;
}

/** A bucket takes some 200 bytes. */
const maxNetworks = 50_000;
const maxKeys = 10_000;
/** How many seconds' worth may come at once. */
const burstSeconds = 2;

/**
 * Token buckets rather than @fastify/rate-limit, whose fixed windows let twice the limit pass at their edges and tell
 * all clients the same moment to come back.
 */
export function createLimiter(options: LimiterOptions): Limiter {
  const { keyRequestsPerSecond, addressRequestsPerSecond, addressBytesPerSecond, clock } = options;
  const bucketsFor = (perSecond: number, most: number, least: number) =>
    perSecond === 0
      ? undefined
      : createTokenBuckets({ clock, perSecond, burst: Math.max(least, perSecond * burstSeconds), maxKeys: most });
  const byKey = bucketsFor(keyRequestsPerSecond, maxKeys, 1);
  const requests = bucketsFor(addressRequestsPerSecond, maxNetworks, 1);
  const bytes = bucketsFor(addressBytesPerSecond, maxNetworks, limits.batchBytes);
  return {
    takeRequest: (network) => requests?.take(network) ?? 0,
    waitForBytes: (network, size) => bytes?.waitFor(network, Math.min(size, limits.batchBytes)) ?? 0,
    takeBytes: (network, size) => bytes?.overdraw(network, size) ?? 0,
    giveBytesBack: (network, size) => bytes?.giveBack(network, size),
    takeKey: (key) => byKey?.take(key) ?? 0,
  };
}
