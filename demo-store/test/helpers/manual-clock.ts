import type { LiveClock } from '../../src/live/hub.js';

/** A clock that a test moves: callbacks run when their time has come, in order. */
export function createManualClock(start = 1_795_406_270_273) {
  let time = start;
  let timers: { at: number; callback: () => void }[] = [];
  const clock: LiveClock = {
    wallMs: () => time,
    after(milliseconds, callback) {
      const timer = { at: time + milliseconds, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
  };
  return {
    clock,
    advance(milliseconds: number) {
      const end = time + milliseconds;
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers = timers.filter((each) => each !== due);
        time = due.at;
        due.callback();
      }
      time = end;
    },
    get pending() {
      return timers.length;
    },
  };
}
