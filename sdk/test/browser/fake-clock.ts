import { keepTime } from '../../src/tracker/browser/time.js';

/** Time that passes only when a test says so: `Date.now` and the timers, for code that has no browser under it. */
export interface FakeClock {
  now: number;
  /** Lets this much time pass; after each timer all that follows from it is done. */
  advance(ms: number): Promise<void>;
  /** Timers that wait. */
  pending(): number;
  restore(): void;
}

interface Timer {
  at: number;
  work: (...given: unknown[]) => void;
  given: unknown[];
  every?: number;
}

/**
 * @param turns of the event loop after each timer: one is enough for promises, IndexedDB takes several a transaction
 */
export function startFakeClock(now: number, turns = 1): FakeClock {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const realNow = Date.now;
  const timers = new Map<number, Timer>();
  let last = 0;
  const settle = async () => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const add = (timer: Timer) => {
    timers.set(++last, timer);
    return last;
  };
  const clock: FakeClock = {
    now,
    pending: () => timers.size,
    async advance(ms) {
      const end = clock.now + ms;
      await settle();
      for (;;) {
        let first: number | undefined;
        for (const [id, { at }] of timers) {
          if (at <= end && (first === undefined || at < timers.get(first)!.at)) first = id;
        }
        if (first === undefined) break;
        const timer = timers.get(first)!;
        clock.now = Math.max(clock.now, timer.at);
        if (timer.every === undefined) timers.delete(first);
        else timer.at += timer.every;
        timer.work(...timer.given);
        await settle();
      }
      clock.now = end;
    },
    restore() {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      Date.now = realNow;
      keepTime();
    },
  };
  Date.now = () => clock.now;
  Object.assign(globalThis, {
    setTimeout: (work: Timer['work'], ms = 0, ...given: unknown[]) => add({ at: clock.now + ms, work, given }),
    setInterval: (work: Timer['work'], ms = 0, ...given: unknown[]) =>
      add({ at: clock.now + ms, work, given, every: Math.max(1, ms) }),
    clearTimeout: (id: number) => timers.delete(id),
    clearInterval: (id: number) => timers.delete(id),
  });
  // The tracker keeps the clock that it finds.
  keepTime();
  return clock;
}
