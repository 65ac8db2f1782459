import { evenRanges } from '../../src/core/delivery/hash-ranges.js';
import type { PackedRecord, Sink } from '../../src/core/delivery/sink.js';

/** A record and all of its bytes. */
export type KeptRecord = PackedRecord & { data: Buffer };

export const dataOf = ({ chunks }: PackedRecord) => Buffer.concat(chunks);

/** Keeps records in memory. */
export function createMemorySink(shards = 1): Sink & { readonly records: KeptRecord[] } {
  const records: KeptRecord[] = [];
  return {
    records,
    async put(batch) {
      records.push(...batch.map((record) => ({ ...record, data: dataOf(record) })));
      return batch.map(() => undefined);
    },
    ranges: async () => evenRanges(shards),
    async read(_span, visit) {
      for (const { data } of records) visit(data);
    },
    close() {},
  };
}
