import { readFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';

/** How much processor time a thread has taken, in milliseconds. */
export type CpuClock = () => number;

/** What a thread's work is taken to be at least, of what its process takes where only that is known. */
const leastShare = 0.1;

/**
 * The processor time of a worker thread, read from outside, because the thread itself may be in a loop: what Linux says
 * of it; what Node says, where it does (22.23 and 24.21 do); else a tenth of what the whole process took, so that a
 * thread that gets little of a loaded machine is not blamed for the others.
 * @param task what Linux calls the thread, as in `/proc/self/task`
 */
export function cpuClockOf(worker: Worker, task: string | undefined): CpuClock {
  return (task && ofKernel(task)) || ofNode(worker) || ofProcess;
}

/** The first number of `schedstat` is nanoseconds on a processor. */
function ofKernel(task: string): CpuClock | undefined {
  const file = `/proc/self/task/${task}/schedstat`;
  let known = 0;
  const read = () => {
    try {
      known = Number.parseInt(readFileSync(file, 'latin1'), 10) / 1e6;
    } catch {
      // The thread has ended.
    }
    return known;
  };
  return read() > 0 ? read : undefined;
}

/** Its answer comes later: each call gives what the one before asked for. */
function ofNode(worker: Worker): CpuClock | undefined {
  const { cpuUsage } = worker as { cpuUsage?: () => Promise<{ user: number; system: number }> };
  if (!cpuUsage) return undefined;
  let known = 0;
  return () => {
    cpuUsage.call(worker).then(
      ({ user, system }) => {
        known = (user + system) / 1000;
      },
      () => undefined,
    );
    return known;
  };
}

const ofProcess: CpuClock = () => {
  const { user, system } = process.cpuUsage();
  return ((user + system) / 1000) * leastShare;
};
