import { map } from '../browser/builtins.js';
import { type Entry, lineOf } from './entry.js';

/** Consecutive events of one stream that travel in one request. A retry, by whichever tab, sends the same batch. */
export interface Batch {
  /** `<stream>.<first seq>.<last seq>`. The id names the events, so a retry cannot hold others. */
  id: string;
  stream: string;
  first: number;
  last: number;
  /** JSON Lines, one event each. */
  lines: string[];
}

/** Makes a batch of entries. `last` is where it ends, when that is not its last entry. */
export function batchOf(entries: readonly Entry[], last = entries[entries.length - 1]!.seq): Batch {
  const { stream, seq: first } = entries[0]!;
  return { id: `${stream}.${first}.${last}`, stream, first, last, lines: map(entries, lineOf) };
}
