/** Quantiles of many durations in little memory: counts in buckets that are 2 % wide. */
export interface Latency {
  add(ms: number): void;
  /** In milliseconds; nothing before the first `add`. */
  quantiles(): { p50: number; p95: number; p99: number; max: number } | undefined;
}

const growth = Math.log(1.02);

export function createLatency(): Latency {
  const buckets = new Map<number, number>();
  let count = 0;
  let max = 0;

  const quantile = (share: number) => {
    let left = Math.ceil(share * count);
    for (const bucket of [...buckets.keys()].sort((a, b) => a - b)) {
      left -= buckets.get(bucket)!;
      if (left <= 0) return Math.min(max, Math.round(Math.exp(bucket * growth) * 10) / 10);
    }
    return max;
  };

  return {
    add(ms) {
      const bucket = Math.ceil(Math.log(Math.max(ms, 0.1)) / growth);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
      count += 1;
      max = Math.max(max, Math.round(ms * 10) / 10);
    },
    quantiles: () => (count === 0 ? undefined : { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max }),
  };
}
