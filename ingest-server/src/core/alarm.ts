import type { Clock } from './clock.js';

/** One alarm that can be moved: `task` runs when the latest time that was set has come. */
export interface Alarm {
  /** Sets the alarm to `at`, by the clock; Infinity calls it off. */
  set(at: number): void;
  cancel(): void;
}

export function createAlarm(clock: Clock, task: () => void): Alarm {
  let timer: { at: number; cancel(): void } | undefined;
  function cancel() {
    timer?.cancel();
    timer = undefined;
  }
  return {
    cancel,
    set(at) {
      const now = clock.now();
      // One that rings too early only looks around once more: cheaper than a new timer for every request.
      if (timer !== undefined && timer.at <= at && timer.at > now) return;
      cancel();
      if (at === Infinity) return;
      const cancelTimer = clock.after(Math.max(1, at - now), () => {
        timer = undefined;
        task();
      });
      timer = { at, cancel: cancelTimer };
    },
  };
}
