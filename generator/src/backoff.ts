/**
 * How long to wait before the next attempt: a random time below a bound that doubles with each failure ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and never less than the server asked for.
 * `attempt` counts from 0.
 */
export function backoffMs(attempt: number, unit: () => number, retryAfterMs?: number): number {
  const jitterMs = unit() * Math.min(5_000, 200 * 2 ** Math.min(attempt, 20));
  // What waits for the same Retry-After must not return in one instant.
  return retryAfterMs === undefined ? jitterMs : retryAfterMs + Math.min(jitterMs, 500);
}
