import type { RecordLog } from '../../record-log/record-log.js';
import type { StreamSource } from '../ports.js';

/** The log of a delivery stream as the one shard of its source. */
const directPutShard = 'direct-put';

/** So that they sort as text as they do as numbers. */
const sequenceText = (sequence: number): string => String(sequence).padStart(16, '0');
const sequenceOf = (text: string): number => Number.parseInt(text, 10);

/** What one read takes into memory. */
const readBytes = 4 * 1024 * 1024;

/** The log of a delivery stream as a source with one shard. */
export function directPutSource(log: RecordLog): StreamSource {
  return {
    unlimited: true,
    async shards() {
      return [{ id: directPutShard, parents: [] }];
    },
    iterator: async (_shardId, after) => String(after === undefined ? 0 : sequenceOf(after) + 1),
    async read(iterator, limit) {
      const { records, next } = await log.read({
        shard: 0,
        from: Number(iterator),
        maxRecords: limit,
        maxBytes: readBytes,
      });
      return {
        records: records.map(({ number, arrivalMs, data }) => ({
          sequenceNumber: sequenceText(number),
          arrivalMs,
          data,
        })),
        next: String(next),
      };
    },
    // Kept until it is delivered, however long that takes.
    async retentionMs() {
      return Number.POSITIVE_INFINITY;
    },
  };
}

/** The last record that is delivered, for `RecordLog.trim`. */
export const deliveredUpTo = (positions: ReadonlyMap<string, { sequenceNumber?: string }>): number | undefined => {
  const text = positions.get(directPutShard)?.sequenceNumber;
  return text === undefined ? undefined : sequenceOf(text);
};
