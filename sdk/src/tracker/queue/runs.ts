import { filter, join, map, max, sort, split } from '../browser/builtins.js';
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

/** Notes a run anew: with these ends instead of its own. @returns whether it was begun before */
function rewrite(store: Store, { stream, last }: Run, ends: readonly number[], isDone?: boolean): boolean {
  const [done, ...before] = readRuns(store, stream);
  const others = filter(before, (end) => end !== last);
  const sorted = sort([...others, ...ends], (a, b) => a - b);
  store._set(`r.${stream}`, join([isDone ? max(done, last) : done, ...sorted], '.'));
  return others.length < before.length;
}

/** Notes that a batch is about to be sent. @returns whether it was begun before */
export const beginRun = (store: Store, run: Run): boolean => rewrite(store, run, [run.last]);

/** Notes that a batch will not be sent again, because the server has answered (`isDone`) or because it was split. */
export const endRun = (store: Store, run: Run, isDone: boolean): unknown => rewrite(store, run, [], isDone);
