import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '@millrace/kit/millrace-error';

/** What to wait for, and how long. */
export interface WaitOptions {
  /** What is waited for, for the message: `the stream clickstream to be ACTIVE`. */
  what: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Asks again and again, with growing pauses, until there is an answer.
 * @throws MillraceError `TIMED_OUT` when the time is over, the signal's reason when it is aborted, and whatever `ask`
 * throws.
 */
export async function until<Answer>(ask: () => Promise<Answer | undefined>, options: WaitOptions): Promise<Answer> {
  const deadline = performance.now() + options.timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    options.signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() + pauseMs > deadline) {
      throw new MillraceError(
        'TIMED_OUT',
        `timed out after ${Math.round(options.timeoutMs / 1000)} s waiting for ${options.what}`,
      );
    }
    await delay(pauseMs, undefined, options.signal ? { signal: options.signal } : {}).catch((error) => {
      throw options.signal?.reason ?? error;
    });
  }
}
