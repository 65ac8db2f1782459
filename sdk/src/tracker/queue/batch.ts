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

/** Makes a batch of entries. It ends at the seq `last`, which may be that of an entry that is gone. */
export function batchOf(entries: readonly Entry[], last: number): Batch {
  const { stream, seq: first } = entries[0]!;
  return { id: `${stream}.${first}.${last}`, stream, first, last, lines: map(entries, lineOf) };
}
