import { filter, find, join, map, max, sort, split } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import type { Batch } from './batch.js';

/**
 * The batches of a stream that were begun: the highest seq that the server has answered for, -1 for none, then the last
 * seqs of batches without an answer, in order. A retry ends at the same seq, so that it is the same batch.
 */
export type Runs = [done: number, ...ends: number[]];

/** Reads the runs of a stream. */
export const readRuns = (store: Store, stream: string): Runs =>
  map(split(store._get(`r.${stream}`) || '-1', '.'), (end) => +end) as unknown as Runs;

/** The last seq of a stream that was ever sent, or answered for. */
export const lastBegun = (store: Store, stream: string): number => max(...readRuns(store, stream));

type Run = Pick<Batch, 'stream' | 'last'>;

/** Notes that a batch is about to be sent. @returns whether it was begun before */
export function beginRun(store: Store, { stream, last }: Run): boolean {
  const [done, ...ends] = readRuns(store, stream);
  const isKnown = find(ends, (end) => end === last) !== undefined;
  if (!isKnown) store._set(`r.${stream}`, join([done, ...sort([...ends, last], (a, b) => a - b)], '.'));
  return isKnown;
}

/** Notes that a batch will not be sent again, because the server has answered (`isDone`) or because it was split. */
export function endRun(store: Store, { stream, last }: Run, isDone: boolean): void {
  const [done, ...ends] = readRuns(store, stream);
  store._set(`r.${stream}`, join([isDone ? max(done, last) : done, ...filter(ends, (end) => end !== last)], '.'));
}
