import { setMaxListeners } from 'node:events';
import { backoffMs } from '@millrace/kit/backoff';
import { systemClock } from '@millrace/kit/clock';
import { trafficError } from '../traffic-error.js';
import type { Log } from './sink.js';

/** What came of one attempt. A `fatal` one is not repeated: the same request would fail again. */
export type Attempt<Answer> =
  | { done: Answer }
  | { retry: string; retryAfterMs?: number | undefined }
  | { fatal: string };

/** When to give up, and where to log failures. */
export interface RetryOptions {
  /** For messages: `the ingest server at http://localhost:8080`. */
  target: string;
  /** Give up when no attempt, on any lane, has succeeded for this long; Infinity: never. */
  giveUpAfterMs: number;
  log: Log;
}

/** Repeats attempts; one retrier serves all lanes of a sink. */
export interface Retrier {
  /**
   * Makes attempts until one is done.
   * @throws MillraceError `TARGET_REFUSED` at a fatal attempt, `TARGET_UNREACHABLE` after `giveUpAfterMs` without a
   * success, or at a failure after `hurry`
   */
  run<Answer>(attempt: () => Promise<Attempt<Answer>>): Promise<Answer>;
  retries(): number;
  /** From now on a failed attempt is not repeated. */
  hurry(): void;
}

/** Logs the same failure once in this time, however many lanes have it. */
const quietMs = 5_000;

/**
 * How long to wait before the next attempt: full jitter below 200 ms, doubling up to 5 s, and never less than the
 * server asked for.
 * @param failures how many attempts have failed in a row, from 1
 * @param random gives 0 ≤ x < 1
 */
export function pauseMs(failures: number, retryAfterMs: number | undefined, random: () => number): number {
  const jitterMs = backoffMs(failures, { baseMs: 200, capMs: 5_000 }, random);
  // Clients with the same Retry-After must not all return at the same moment.
  return retryAfterMs === undefined ? jitterMs : retryAfterMs + Math.min(jitterMs, 500);
}

/** Makes a retrier for one target. */
export function createRetrier({ target, giveUpAfterMs, log }: RetryOptions): Retrier {
  const hurried = new AbortController();
  // Each lane that pauses listens.
  setMaxListeners(0, hurried.signal);
  let retries = 0;
  let lastSuccessMs = Number.NEGATIVE_INFINITY;
  let logged = { failure: '', atMs: Number.NEGATIVE_INFINITY };

  const logFailure = (failure: string) => {
    const nowMs = performance.now();
    if (logged.failure === failure && nowMs - logged.atMs < quietMs) return;
    logged = { failure, atMs: nowMs };
    log(`${target}: ${failure}; retrying`);
  };

  return {
    retries: () => retries,
    hurry: () => hurried.abort(),
    async run(attempt) {
      const startedMs = performance.now();
      for (let failures = 1; ; failures++) {
        const result = await attempt();
        if ('done' in result) {
          lastSuccessMs = performance.now();
          return result.done;
        }
        if ('fatal' in result) throw trafficError('TARGET_REFUSED', `${target}: ${result.fatal}`);
        if (hurried.signal.aborted) throw trafficError('TARGET_UNREACHABLE', `${target}: ${result.retry}`);
        const failingMs = performance.now() - Math.max(startedMs, lastSuccessMs);
        if (failingMs >= giveUpAfterMs) {
          const seconds = Math.round(failingMs / 1000);
          throw trafficError(
            'TARGET_UNREACHABLE',
            `${target}: ${result.retry}; gave up after ${seconds} s without a success`,
          );
        }
        logFailure(result.retry);
        const pause = pauseMs(failures, result.retryAfterMs, Math.random);
        // The last attempt comes when the time is up, not a long pause after it.
        await systemClock.sleep(Math.min(pause, Math.max(0, giveUpAfterMs - failingMs)), hurried.signal);
        retries += 1;
      }
    },
  };
}
