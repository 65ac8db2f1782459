import { backoffMs } from '@millrace/kit/backoff';

/** How often S3 is asked to take an object that it refuses. */
export interface RetryPace {
  /** How long delivery retries at short pauses: `RetryOptions.DurationInSeconds`. */
  withinMs: number;
  /** The pause between two tries after that. */
  laterMs: number;
}

const quick = { baseMs: 100, capMs: 5_000, fixedShare: 0.5 };
const later = { leastMs: quick.capMs, mostMs: 60_000 };

/**
 * The pace of a destination. Delivery never gives up an object, because its records are acknowledged: past the retry
 * duration it retries at the interval of the buffers, from every 5 seconds to every minute.
 */
export const retryPace = (withinMs: number, intervalMs: number): RetryPace => ({
  withinMs,
  laterMs: Math.min(later.mostMs, Math.max(later.leastMs, intervalMs)),
});

/** @param attempt how many tries have failed @param failingMs since the first of them */
export function nextTry(
  { withinMs, laterMs }: RetryPace,
  attempt: number,
  failingMs: number,
): { overdue: boolean; pauseMs: number } {
  const left = withinMs - failingMs;
  if (left <= 0) return { overdue: true, pauseMs: laterMs };
  return { overdue: false, pauseMs: Math.min(left, backoffMs(attempt, quick)) };
}
