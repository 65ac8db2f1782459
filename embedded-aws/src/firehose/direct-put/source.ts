import type { StreamSource } from '../ports.js';
import type { Place, RecordLog } from './record-log.js';

/** The log of a delivery stream as the one shard of its source. */
const directPutShard = 'direct-put';

/** So that they sort as text as they do as numbers. */
const sequenceText = (sequence: number): string => String(sequence).padStart(16, '0');
const sequenceOf = (text: string): number => Number.parseInt(text, 10);

/** The log of a delivery stream as a source with one shard. */
export function directPutSource(log: RecordLog): StreamSource {
  return {
    unlimited: true,
    async shards() {
      return [{ id: directPutShard, parents: [] }];
    },
    async iterator(_shardId, after) {
      return JSON.stringify(await log.placeAfter(after === undefined ? undefined : sequenceOf(after)));
    },
    async read(iterator, limit) {
      const { records, next } = await log.read(JSON.parse(iterator) as Place, limit);
      return {
        records: records.map(({ sequence, arrivalMs, data }) => ({
          sequenceNumber: sequenceText(sequence),
          arrivalMs,
          data,
        })),
        next: JSON.stringify(next),
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
