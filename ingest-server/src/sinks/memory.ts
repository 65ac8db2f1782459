import { evenRanges } from '../core/hash-ranges.js';
import type { PackedRecord, Sink } from './sink.js';

/** Keeps records in memory: for tests, and for looking at what would be put. */
export function createMemorySink(shards = 1): Sink & { readonly records: PackedRecord[] } {
  const records: PackedRecord[] = [];
  return {
    records,
    async put(batch) {
      records.push(...batch);
      return batch.map(() => undefined);
    },
    ranges: async () => evenRanges(shards),
    close() {},
  };
}
