/** Time, for what must be steered in tests. */
export interface Clock {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Runs `task` once, after `ms`; returns how to call it off. */
  after(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};
