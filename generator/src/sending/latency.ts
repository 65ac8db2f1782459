import { createHistogram } from 'node:perf_hooks';

/** Quantiles of many durations in little memory, within 0.1 %. */
export interface Latency {
  add(ms: number): void;
  /** In milliseconds; undefined before the first `add`. */
  quantiles(): Quantiles | undefined;
}

/** Half of the durations are at most `p50` ms, 95 % at most `p95`, and so on. */
export interface Quantiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Makes an empty one. */
export function createLatency(): Latency {
  // In tenths of a millisecond: a histogram takes whole numbers from 1.
  const histogram = createHistogram();
  let max = 0;

  const quantile = (share: number) => {
    // The histogram rounds a percentile to the nearest rank, which would understate p95 of eleven durations. A quarter
    // below the rank that we mean is rounded to that rank.
    const rank = Math.ceil(share * histogram.count);
    return Math.min(max, histogram.percentile((100 * (rank - 0.25)) / histogram.count) / 10);
  };

  return {
    add(ms) {
      const tenths = Math.max(1, Math.round(ms * 10));
      histogram.record(tenths);
      max = Math.max(max, tenths / 10);
    },
    quantiles: () =>
      histogram.count === 0 ? undefined : { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max },
  };
}
