/** Between what the waits of one back-off lie. */
export interface BackoffBounds {
  /** The upper bound of the first wait. */
  baseMs: number;
  /** No wait is longer. */
  capMs: number;
  /** The share of each wait that is fixed, from 0 (full jitter) to 1 (none); 0. */
  fixedShare?: number;
}

/**
 * How long to wait after a failure, in milliseconds: the bound starts at `baseMs`, doubles with each failure up to
 * `capMs`, and the wait is a random time below it ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param failures how many have failed in a row, from 1
 * @param random gives 0 ≤ x < 1
 */
export function backoffMs(
  failures: number,
  { baseMs, capMs, fixedShare = 0 }: BackoffBounds,
  random: () => number = Math.random,
): number {
  const boundMs = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return boundMs * (fixedShare + random() * (1 - fixedShare));
}
