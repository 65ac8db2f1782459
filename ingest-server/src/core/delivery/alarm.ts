import type { Clock } from '@millrace/kit/clock';

/** One alarm that can be moved: its task runs at the latest time that was set, or earlier. */
export interface Alarm {
  /** Sets the alarm to `at`, by the clock's monotonic time; Infinity cancels it. */
  set(at: number): void;
  cancel(): void;
}

/** An alarm that is not set. */
export function createAlarm(clock: Clock, task: () => void): Alarm {
  let timer: { at: number; cancel(): void } | undefined;
  function cancel() {
    timer?.cancel();
    timer = undefined;
  }
  return {
    cancel,
    set(at) {
      // Too early costs one more look around, which is cheaper than a new timer for every request; too late must not
      // be.
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
