import type { Clock } from '@millrace/kit/clock';
import { createOrder, type InOrder } from '../order.js';

/** Rate, burst and bounds of the buckets. */
export interface TokenBucketsOptions {
  clock: Clock;
  perSecond: number;
  /** Tokens that may be taken at once, after a rest. */
  burst: number;
  /** Keys that are remembered; beyond that, the least recently seen is forgotten. */
  maxKeys: number;
}

/** A bucket for each key that was seen lately. */
export interface TokenBuckets {
  /** Takes tokens and returns 0, or takes none and returns in how many milliseconds there would be enough. */
  take(key: string, tokens?: number): number;
  /**
   * Takes tokens and returns 0, more than there are if there are any; takes none where there are none, and returns in
   * how many milliseconds there will be some.
   */
  overdraw(key: string, tokens: number): number;
  /** Puts tokens back that were taken. */
  giveBack(key: string, tokens: number): void;
  /** What `take` would return, without taking. */
  waitFor(key: string, tokens: number): number;
  readonly size: number;
}

interface Bucket extends InOrder {
  readonly key: string;
  tokens: number;
  at: number;
}

/** A token bucket per key: a steady rate with bursts, and no window edges at which twice as much gets through. */
export function createTokenBuckets({ clock, perSecond, burst, maxKeys }: TokenBucketsOptions): TokenBuckets {
  const buckets = new Map<string, Bucket>();
  /** Least lately seen first. */
  const seen = createOrder<Bucket>();

  function bucketOf(key: string, now: number): Bucket {
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      const forgotten = buckets.size === maxKeys ? seen.first() : undefined;
      if (forgotten !== undefined) {
        seen.remove(forgotten);
        buckets.delete(forgotten.key);
      }
      bucket = { key, tokens: burst, at: now, before: undefined, after: undefined };
      buckets.set(key, bucket);
    } else seen.remove(bucket);
    seen.add(bucket);
    return bucket;
  }

  function filled(key: string): Bucket {
    const now = clock.monotonicMs();
    const bucket = bucketOf(key, now);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    return bucket;
  }
  const missing = (bucket: Bucket, tokens: number) =>
    bucket.tokens < tokens ? ((tokens - bucket.tokens) / perSecond) * 1000 : 0;

  return {
    take(key, tokens = 1) {
      const bucket = filled(key);
      const waitMs = missing(bucket, tokens);
      if (waitMs === 0) bucket.tokens -= tokens;
      return waitMs;
    },
    overdraw(key, tokens) {
      const bucket = filled(key);
      if (bucket.tokens <= 0) return missing(bucket, 1);
      bucket.tokens -= tokens;
      return 0;
    },
    giveBack(key, tokens) {
      filled(key).tokens += tokens;
    },
    waitFor: (key, tokens) => missing(filled(key), tokens),
    get size() {
      return buckets.size;
    },
  };
}
