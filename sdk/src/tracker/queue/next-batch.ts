import { batchChars, batchRecords } from '../bounds.js';
import type { Store } from '../browser/store.js';
import { type Batch, batchOf } from './batch.js';
import type { Entry } from './entry.js';
import type { EventDatabase } from './event-database.js';
import { readRuns } from './runs.js';
import { storedOf } from './stored-name.js';

/** A batch from the queue. */
export interface QueuedBatch extends Batch {
  /** The names of its first and its last stored text. */
  _from: string;
  _to: string;
  /** Events of later batches in its last stored text. */
  _rest: readonly Entry[];
  /** Nothing else waits. */
  _isAll: boolean;
}

/** The next batch to send, of the oldest events; undefined when none waits. It has `maxEvents` at most. */
export async function nextBatch(
  store: Store,
  database: EventDatabase,
  maxEvents: number,
): Promise<QueuedBatch | undefined> {
  const stored = (await database._names(batchRecords)).map(storedOf);
  const oldest = stored[0];
  if (!oldest) return undefined;
  // A batch that was begun ends where it ended, also when its last event is gone.
  const end = readRuns(store, oldest.stream)
    .slice(1)
    .find((seq) => seq >= oldest.seq);
  // Without an end no `seq` is beyond it.
  const isOther = ({ stream, seq }: Pick<Entry, 'stream' | 'seq'>) => stream !== oldest.stream || seq > end!;
  let chars = 0;
  // At least one, however long.
  const near = stored.filter((its) => {
    chars += its._chars;
    return chars <= batchChars || its === oldest;
  });
  const found = await database._read(near[near.length - 1]!._name);
  const taken = found.filter((entry, index) => !isOther(entry) && index < maxEvents);
  const next = found[taken.length] ?? stored[near.length];
  const isWhole = next ? isOther(next) : stored.length < batchRecords;
  const batch = batchOf(taken, isWhole ? end : undefined);
  const begun = near.filter(({ stream, seq }) => stream === batch.stream && seq <= batch.last);
  const final = begun.pop()!;
  const rest = found
    .slice(taken.length)
    .filter(({ stream, seq }) => stream === batch.stream && seq < final.seq + final._events);
  return { ...batch, _from: oldest._name, _to: final._name, _rest: rest, _isAll: isWhole && !next };
}
