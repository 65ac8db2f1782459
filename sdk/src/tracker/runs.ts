import type { Batch } from './queue.js';
import type { Store } from './store.js';

/**
 * Which runs of a stream were begun to be sent: the highest seq that the server has answered for, -1 for none, then the last seqs of runs that wait for
 * an answer, in order. A run that is sent again is cut at the same place, so that it is the same batch.
 */
export type Runs = [done: number, ...ends: number[]];

export const readRuns = (store: Store, stream: string): Runs =>
  (store.get(`r.${stream}`) || '-1').split('.').map(Number) as Runs;

type Run = Pick<Batch, 'stream' | 'last'>;

/** @returns whether it had been begun before */
export function beginRun(store: Store, { stream, last }: Run): boolean {
  const [done, ...ends] = readRuns(store, stream);
  const isKnown = ends.includes(last);
  if (!isKnown) store.set(`r.${stream}`, [done, ...[...ends, last].sort((a, b) => a - b)].join('.'));
  return isKnown;
}

export function endRun(store: Store, { stream, last }: Run, isDone: boolean): void {
  const [done, ...ends] = readRuns(store, stream);
  store.set(`r.${stream}`, [isDone ? Math.max(done, last) : done, ...ends.filter((end) => end !== last)].join('.'));
}
