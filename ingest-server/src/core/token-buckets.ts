import type { Clock } from './clock.js';

export interface TokenBucketsOptions {
  clock: Clock;
  perSecond: number;
  /** How many at once, after a rest. */
  burst: number;
  /** How many keys are remembered; of more, those seen least lately are forgotten and begin anew. */
  maxKeys: number;
}

export interface TokenBuckets {
  /** 0 when one is allowed now, else how many milliseconds until it would be. What is refused costs nothing. */
  take(key: string): number;
  readonly size: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket per key: a steady rate with bursts, and no edges of windows at which twice as much gets through. */
export function createTokenBuckets({ clock, perSecond, burst, maxKeys }: TokenBucketsOptions): TokenBuckets {
  /** Least lately seen first: a Map keeps the order of insertion. */
  const buckets = new Map<string, Bucket>();
  return {
    take(key) {
      const now = clock.now();
      const bucket = buckets.get(key) ?? { tokens: burst, at: now };
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
      bucket.at = now;
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > maxKeys) buckets.delete(buckets.keys().next().value!);
      if (bucket.tokens < 1) return ((1 - bucket.tokens) / perSecond) * 1000;
      bucket.tokens -= 1;
      return 0;
    },
    get size() {
      return buckets.size;
    },
  };
}
