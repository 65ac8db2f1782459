import { setMaxListeners } from 'node:events';
import { backoffMs } from './backoff.js';
import type { Log } from './sink.js';
import { TrafficError } from './sink.js';
import { sleep } from './sleep.js';

/** What came of one attempt. A `fatal` one is not repeated: the same request would fail again. */
export type Attempt<Answer> =
  | { done: Answer }
  | { retry: string; retryAfterMs?: number | undefined }
  | { fatal: string };

export interface RetryOptions {
  target: string;
  /** Give up when nothing has succeeded, on any lane, for this long; Infinity: never. */
  giveUpAfterMs: number;
  log: Log;
}

export interface Retrier {
  /**
   * Makes attempts until one is done.
   * @throws TrafficError at a fatal attempt, after `giveUpAfterMs` without success, or at a failure after `hurry`.
   */
  run<Answer>(attempt: (number: number) => Promise<Attempt<Answer>>): Promise<Answer>;
  retries(): number;
  hurry(): void;
}

/** The same trouble is told once in this time, however many lanes have it. */
const quietMs = 5_000;

export function createRetrier({ target, giveUpAfterMs, log }: RetryOptions): Retrier {
  const hurried = new AbortController();
  // Each lane that pauses listens.
  setMaxListeners(0, hurried.signal);
  let retries = 0;
  let lastSuccessMs = Number.NEGATIVE_INFINITY;
  let told = { trouble: '', atMs: Number.NEGATIVE_INFINITY };

  const tell = (trouble: string) => {
    const now = performance.now();
    if (told.trouble === trouble && now - told.atMs < quietMs) return;
    told = { trouble, atMs: now };
    log(`${target}: ${trouble}; trying again`);
  };

  return {
    retries: () => retries,
    hurry: () => hurried.abort(),
    async run(attempt) {
      const startedMs = performance.now();
      for (let number = 0; ; number++) {
        const result = await attempt(number);
        if ('done' in result) {
          lastSuccessMs = performance.now();
          return result.done;
        }
        if ('fatal' in result) throw new TrafficError(`${target}: ${result.fatal}`);
        if (hurried.signal.aborted) throw new TrafficError(`${target}: ${result.retry}`);
        const failingMs = performance.now() - Math.max(startedMs, lastSuccessMs);
        if (failingMs >= giveUpAfterMs) {
          throw new TrafficError(
            `${target}: ${result.retry}; gave up after ${Math.round(failingMs / 1000)} s without a success`,
          );
        }
        tell(result.retry);
        const pauseMs = backoffMs(number, Math.random, result.retryAfterMs);
        // The last attempt comes when patience ends, not a long pause after it.
        await sleep(Math.min(pauseMs, Math.max(0, giveUpAfterMs - failingMs)), hurried.signal);
        retries += 1;
      }
    },
  };
}
