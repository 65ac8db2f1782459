import type { Clock } from '@millrace/kit/clock';

export interface FakeClock extends Clock {
  /** Lets time pass, alarm by alarm, until `isOver` or until no alarm is left. */
  run(isOver?: () => boolean): Promise<void>;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
}

/** Whatever promises are due run before time moves on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createFakeClock(): FakeClock {
  let now = 0;
  let alarms: { at: number; task: () => void }[] = [];
  const after: Clock['after'] = (ms, task) => {
    const alarm = { at: now + ms, task };
    alarms.push(alarm);
    return () => {
      alarms = alarms.filter((one) => one !== alarm);
    };
  };
  async function run(isOver = () => false) {
    for (await settle(); !isOver() && alarms.length > 0; await settle()) {
      const next = alarms.reduce((first, one) => (one.at < first.at ? one : first));
      alarms = alarms.filter((one) => one !== next);
      now = Math.max(now, next.at);
      next.task();
    }
  }
  return {
    wallMs: () => now,
    monotonicMs: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    run,
    async pass(ms) {
      let over = false;
      after(ms, () => {
        over = true;
      });
      await run(() => over);
    },
  };
}
