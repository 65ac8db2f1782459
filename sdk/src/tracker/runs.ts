import type { Batch } from './queue.js';
import type { Store } from './store.js';

/**
 * Which runs of a stream were begun to be sent: `done` is the highest seq that the server has answered for, `ends` are the last seqs of runs
 * that wait for an answer, in order. A run that is sent again is cut at the same place, so that it is the same batch.
 */
export interface Runs {
  done: number;
  ends: number[];
}

export function readRuns(store: Store, stream: string): Runs {
  const [done = -1, ...ends] = (store.get(`r.${stream}`) || '-1').split('.').map(Number);
  return { done, ends };
}

const write = (store: Store, stream: string, done: number, ends: Iterable<number>) =>
  store.set(`r.${stream}`, [done, ...ends].join('.'));

export function beginRun(store: Store, { stream, last }: Pick<Batch, 'stream' | 'last'>): void {
  const { done, ends } = readRuns(store, stream);
  write(store, stream, done, new Set([...ends, last].sort((a, b) => a - b)));
}

export function endRun(store: Store, { stream, last }: Batch, isDone: boolean): void {
  const { done, ends } = readRuns(store, stream);
  const others = ends.filter((end) => end !== last);
  write(store, stream, isDone ? Math.max(done, last) : done, others);
}
