import type { Lane } from './lane.js';
import type { PackedRecord } from './sink.js';

/** Kinesis takes 10 MiB and 500 records in one call; a larger call would delay its lanes. */
const callLimits = { records: 500, bytes: 5 * 1024 * 1024 } as const;

/** One PutRecords call: a record of each of its lanes. */
export interface Call {
  lanes: Lane[];
  records: PackedRecord[];
}

/**
 * Packs one record of each lane into as few calls as hold them, and lets them leave. Kinesis answers for each record by
 * itself, so lanes that share a call do not share its failures.
 * @param keyOf the explicit hash key of a lane's next record
 */
export function packCalls(lanes: readonly Lane[], keyOf: (lane: number) => string): Call[] {
  const calls: Call[] = [];
  let bytes = 0;
  for (const lane of lanes) {
    const chunks: Buffer[] = [];
    let [recordBytes, events] = [0, 0];
    const { chunks: leaving, row } = lane.depart();
    for (const { chunk } of leaving) {
      chunks.push(chunk.data);
      recordBytes += chunk.data.length;
      events += chunk.events;
    }
    if (row !== undefined) {
      chunks.push(row);
      recordBytes += row.length;
    }
    let call = calls.at(-1);
    if (call === undefined || call.records.length === callLimits.records || bytes + recordBytes > callLimits.bytes) {
      call = { lanes: [], records: [] };
      calls.push(call);
      bytes = 0;
    }
    bytes += recordBytes;
    call.lanes.push(lane);
    call.records.push({
      partitionKey: `lane-${lane.index}`,
      hashKey: keyOf(lane.index),
      chunks,
      bytes: recordBytes,
      events,
    });
  }
  return calls;
}
