import type { Clock } from '@millrace/kit/clock';

/** A clock that stands still until it is told to go. Many servers share one. */
export interface VirtualClock extends Clock {
  /** Lets time pass until `ms` after the clock's start, or until `isOver`. */
  runTo(ms: number, isOver?: () => boolean): Promise<void>;
}

/** All promises that are due run before time moves on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Time goes in steps of a millisecond, as Node's timers do: so promises settle once for all that happens in one
 * millisecond of the whole fleet, and a list for each needs no heap.
 */
export function createVirtualClock(): VirtualClock {
  let now = 0;
  const alarms = new Map<number, { task: (() => void) | undefined }[]>();

  const after: Clock['after'] = (ms, task) => {
    const alarm: { task: (() => void) | undefined } = { task };
    const at = now + Math.max(1, Math.ceil(ms));
    const others = alarms.get(at);
    if (others === undefined) alarms.set(at, [alarm]);
    else others.push(alarm);
    return () => {
      alarm.task = undefined;
    };
  };

  return {
    wallMs: () => now,
    monotonicMs: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    async runTo(ms, isOver = () => false) {
      // What was begun before the clock went has its promises, too.
      await settle();
      while (now < ms && !isOver()) {
        now += 1;
        const due = alarms.get(now);
        if (due === undefined) continue;
        alarms.delete(now);
        for (const { task } of due) task?.();
        await settle();
      }
    },
  };
}

/** The clock of a process that can be killed. */
export interface MortalClock extends Clock {
  /** From now on none of its alarms rings, and no answer reaches the process. */
  kill(): void;
  /** What `work` comes to, if the process still lives then. */
  orNever<T>(work: Promise<T>): Promise<T>;
}

/** The clock of a process that lives. */
export function createMortalClock(clock: Clock): MortalClock {
  let isAlive = true;
  const after: Clock['after'] = (ms, task) =>
    clock.after(ms, () => {
      if (isAlive) task();
    });
  return {
    wallMs: clock.wallMs,
    monotonicMs: clock.monotonicMs,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    kill() {
      isAlive = false;
    },
    orNever: (work) =>
      new Promise((resolve, reject) => {
        work.then(
          (value) => isAlive && resolve(value),
          (error) => isAlive && reject(error),
        );
      }),
  };
}
