import { recordLimits } from '../chunk.js';
import { payloadUnitBytes } from './cost.js';
import { drains, fitting, type Lane } from './lane.js';
import type { PackedRecord } from './sink.js';

/** Kinesis takes 10 MiB and 500 records in one call; a larger call would delay its lanes. */
const callLimits = { records: 500, bytes: 5 * 1024 * 1024 } as const;

/** The time between calls while the spool drains: one payload unit each makes a shard's 1 MB/s. */
export const drainPauseMs = payloadUnitBytes / 1000;

/** One PutRecords call: a record of each of its lanes. */
export interface Call {
  lanes: Lane[];
  records: PackedRecord[];
}

/**
 * The bytes of a record out of the spool: what the shard takes until the next record can leave, and no more. A record
 * in flight when the process is killed may come twice, where the stream cannot be asked.
 */
const drainingBytes = ({ roundTripMs }: Lane) => Math.max(1, Math.ceil(roundTripMs / drainPauseMs)) * payloadUnitBytes;

/**
 * How many of the queue's first chunks make the next record. A stream bills each begun 25 KB of a record, so chunks
 * that would only begin another unit stay for the next record, unless not even one unit is full.
 */
function filling(lane: Lane): number {
  const { queue } = lane;
  if (drains(queue)) return fitting(queue, Math.min(drainingBytes(lane), recordLimits.bytes));
  const most = fitting(queue);
  let bytes = 0;
  for (let i = 0; i < most; i++) bytes += queue[i]!.chunk.data.length;
  const units = Math.floor(bytes / payloadUnitBytes) * payloadUnitBytes;
  let count = most;
  for (; count > 1 && bytes > units; count--) bytes -= queue[count - 1]!.chunk.data.length;
  // A large chunk behind a small one travels with it: less must be cut off than is left.
  return units === 0 || bytes < units / 2 ? most : count;
}

/**
 * Packs one record of each lane into as few calls as hold them, and marks the chunks as in flight. Kinesis answers for
 * each record by itself, so lanes that share a call do not share its failures.
 */
export function packCalls(lanes: readonly Lane[]): Call[] {
  const calls: Call[] = [];
  let bytes = 0;
  for (const lane of lanes) {
    lane.inFlight = filling(lane);
    const chunks: Buffer[] = [];
    let [recordBytes, events] = [0, 0];
    for (let i = 0; i < lane.inFlight; i++) {
      const { chunk } = lane.queue[i]!;
      chunks.push(chunk.data);
      recordBytes += chunk.data.length;
      events += chunk.events;
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
      hashKey: lane.hashKey,
      chunks,
      bytes: recordBytes,
      events,
    });
  }
  return calls;
}
