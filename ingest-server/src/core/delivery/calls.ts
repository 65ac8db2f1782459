import { recordLimits } from '../chunk.js';
import { payloadUnitBytes } from './cost.js';
import { drains, fitting, type Lane } from './lane.js';
import type { PackedRecord } from './sink.js';

/** Kinesis takes 10 MiB and 500 records in one call; half of it keeps one call from delaying its lanes. */
const callLimits = { records: 500, bytes: 5 * 1024 * 1024 } as const;

/** While the spool drains, calls leave so far apart: one payload unit each makes a shard's 1 MB/s. */
export const drainPauseMs = payloadUnitBytes / 1000;

/** One PutRecords call: a record of each of its lanes. */
export interface Call {
  lanes: Lane[];
  records: PackedRecord[];
}

/**
 * What a kill finds under way was perhaps taken, and where the stream cannot be asked it comes out of the spool once more. So a record out of the
 * spool is no larger than it has to be: a lane has one under way, and must carry what its shard takes until the next can leave.
 */
const drainingBytes = ({ roundTripMs }: Lane) => Math.max(1, Math.ceil(roundTripMs / drainPauseMs)) * payloadUnitBytes;

/**
 * How many of the queue's first chunks make the next record. A stream bills each begun 25 KB of a record, so what would only begin another
 * unit stays for the next record, unless not even one unit would be left.
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
  // What is cut off must be less than what is left: a large chunk behind a small one travels with it.
  return units === 0 || bytes < units / 2 ? most : count;
}

/**
 * Packs one record of each lane and lays the records into as few calls as hold them. Lanes share a call but not a fate: Kinesis
 * answers for each record by itself. Marks the chunks as in flight.
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
