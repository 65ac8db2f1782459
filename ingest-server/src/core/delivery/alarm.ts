import type { Clock } from '@millrace/kit/clock';

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
      // One that rings too early only looks around once more: cheaper than a new timer for every request. One that is late must not be put off.
      if (timer !== undefined && timer.at <= at) return;
      cancel();
      if (at === Infinity) return;
      const cancelTimer = clock.after(Math.max(1, at - clock.monotonicMs()), () => {
        timer = undefined;
        task();
      });
      timer = { at, cancel: cancelTimer };
    },
  };
}
