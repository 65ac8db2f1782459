import { batchChars, batchRecords } from '../bounds.js';
import { filter, find, map, part } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import { type Batch, batchOf } from './batch.js';
import type { Entry } from './entry.js';
import type { EventDatabase } from './event-database.js';
import { readRuns } from './runs.js';
import { type StoredEntry, storedOf } from './stored-name.js';

/** A batch from the queue. */
export interface QueuedBatch extends Batch {
  /** The names of its first and its last stored text. */
  _from: string;
  _to: string;
  /** Events of later batches in its last stored text. */
  _rest: readonly StoredEntry[];
  /** Its lines as a compressed body of type text/plain, where the browser can. Set by `compress`. */
  _zipped?: Blob | undefined;
  /** Nothing else waits. */
  _isAll: boolean;
}

/**
 * The next batch to send, of the oldest events; undefined when none waits. It has `maxEvents` at most.
 * @param committed settles when what was tracked before is in the database; it may be another one then
 */
export async function nextBatch(
  store: Store,
  committed: Promise<void>,
  databaseNow: () => EventDatabase,
  maxEvents: number,
): Promise<QueuedBatch | undefined> {
  await committed;
  const database = databaseNow();
  const stored = map(await database._names(batchRecords), storedOf);
  const oldest = stored[0];
  if (!oldest) return undefined;
  // A batch that was begun ends where it ended, also when its last event is gone.
  const end = find(part(readRuns(store, oldest.stream), 1), (seq) => seq >= oldest.seq);
  // Without an end no `seq` is beyond it.
  const isOther = ({ stream, seq }: Pick<Entry, 'stream' | 'seq'>) => stream !== oldest.stream || seq > end!;
  let chars = 0;
  // At least one, however long.
  const near = filter(stored, (its) => {
    chars += its._chars;
    return chars <= batchChars || its === oldest;
  });
  const found = await database._read(near[near.length - 1]!._name);
  const taken = filter(found, (entry, index) => !isOther(entry) && index < maxEvents);
  const next = found[taken.length] ?? stored[near.length];
  const isWhole = next ? isOther(next) : stored.length < batchRecords;
  const last = taken[taken.length - 1]!;
  return {
    ...batchOf(taken, (isWhole && end) || last.seq),
    _from: oldest._name,
    _to: last._name,
    _rest: filter(part(found, taken.length), ({ _name }) => _name === last._name),
    _isAll: isWhole && !next,
  };
}
