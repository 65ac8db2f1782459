import { evenRanges } from '../../src/core/hash-ranges.js';
import type { PackedRecord, Sink } from '../../src/sinks/sink.js';

/** Keeps records in memory. */
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
