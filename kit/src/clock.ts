import { setTimeout as wait } from 'node:timers/promises';

/** Time, as an interface: tests hand in a clock of their own where time must be steered. */
export interface Clock {
  /** Milliseconds since 1970; steps when the system's clock is set. */
  wallMs(): number;
  /** Milliseconds since some moment; never runs backwards. */
  monotonicMs(): number;
  /** Runs `task` once, after `ms`; the returned function cancels it. */
  after(ms: number, task: () => void): () => void;
  /** Resolves after `ms`, or as soon as `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest that one timer of Node can wait; a longer one fires at once. */
const longestTimerMs = 2 ** 31 - 1;

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && !signal?.aborted; left -= longestTimerMs) {
    await wait(Math.min(left, longestTimerMs), undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

/** The time of this machine. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
  sleep,
};
