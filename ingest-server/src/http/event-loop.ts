import { performance } from 'node:perf_hooks';
import type { Loop } from '../core/admission/shedding.js';

const tickMs = 10;

/** This process's event loop. A timer measures its turns: it fires once in each that is longer than a tick. */
export function watchEventLoop(): Loop & { stop(): void } {
  let turnBegan = performance.now();
  let previousMs = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    previousMs = now - turnBegan;
    turnBegan = now;
  }, tickMs).unref();
  return {
    now: () => performance.now(),
    idleMs: () => performance.eventLoopUtilization().idle,
    previousTurnMs: () => previousMs,
    afterTurn: (task) => void setImmediate(task),
    stop: () => clearInterval(timer),
  };
}
