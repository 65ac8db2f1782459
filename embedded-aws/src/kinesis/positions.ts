import { formatSequenceNumber, parseSequenceNumber } from './sequence-number.js';
import { lifeOf } from './shard-map.js';
import { entries, type KinesisStore, recordKey, type StoredStream, sequenceNumberOf } from './store.js';

/** Records that were written before this second are expired. */
export const horizonOf = (stream: StoredStream, nowMs: number) =>
  Math.floor(nowMs / 1000) - stream.RetentionPeriodHours * 3600;

const numberAtIndex = (stream: StoredStream, shardIndex: number, index: number) =>
  formatSequenceNumber({
    shardCreatedSeconds: lifeOf(stream.Shards[shardIndex]!).createdSeconds,
    shardIndex,
    index,
    writtenSeconds: 0,
  });

/**
 * A number above all records that the shard had, or was just writing, when `stream` was read, and not above any later
 * one.
 */
export const latestNumber = (stream: StoredStream, shardIndex: number) =>
  numberAtIndex(stream, shardIndex, stream._seqIx[Math.floor(shardIndex / 5)] ?? 0);

/**
 * A number that parts the shard's records: those below were written before this second, those from it on in it or
 * later. A binary search over the numbers, which rise with time: some twenty look-ups, however long the shard. (Where
 * the machine's clock was set back, it errs by as much.)
 */
export async function numberAtSecond(
  store: KinesisStore,
  stream: StoredStream,
  shardIndex: number,
  seconds: number,
): Promise<string> {
  const lt = recordKey(stream.StreamName, shardIndex + 1);
  async function firstFrom(index: number) {
    const gte = recordKey(stream.StreamName, shardIndex, numberAtIndex(stream, shardIndex, index));
    for await (const [key] of entries(store.db, { gte, lt, limit: 1, values: false })) {
      const text = sequenceNumberOf(key);
      const number = parseSequenceNumber(text);
      if (number) return { text, ...number };
    }
    return undefined;
  }

  let low = 0;
  let high = stream._seqIx[Math.floor(shardIndex / 5)] ?? 0;
  let found = latestNumber(stream, shardIndex);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await firstFrom(middle);
    if (record && record.writtenSeconds < seconds) low = record.index + 1;
    else {
      // Nothing is between the middle and this record, so it may stand for both.
      if (record && record.text < found) found = record.text;
      high = middle;
    }
  }
  return found;
}
