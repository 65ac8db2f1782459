import { performance } from 'node:perf_hooks';
import type { Loop } from '../core/shedding.js';

/** This process's event loop. */
export const eventLoop: Loop = {
  now: () => performance.now(),
  idleMs: () => performance.eventLoopUtilization().idle,
  afterTurn: (task) => void setImmediate(task),
};
