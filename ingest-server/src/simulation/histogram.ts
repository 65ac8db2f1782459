/** Counts of whole milliseconds. */
export interface Histogram {
  add(ms: number): void;
  /** The time that `share` of the entries do not exceed; 0 without entries. */
  quantile(share: number): number;
  count(): number;
  /** Forgets what was added. */
  clear(): void;
}

/** Longer times count as this one. */
const longestMs = 60_000;

/** An empty histogram. */
export function createHistogram(): Histogram {
  const counts = new Uint32Array(longestMs + 1);
  let total = 0;
  return {
    add(ms) {
      counts[Math.min(longestMs, Math.ceil(ms))]! += 1;
      total += 1;
    },
    quantile(share) {
      let left = share * total;
      if (total === 0) return 0;
      for (let ms = 0; ms < longestMs; ms++) {
        left -= counts[ms]!;
        if (left <= 0) return ms;
      }
      return longestMs;
    },
    count: () => total,
    clear() {
      counts.fill(0);
      total = 0;
    },
  };
}
