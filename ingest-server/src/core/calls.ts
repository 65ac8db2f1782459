import type { PackedRecord } from '../sinks/sink.js';
import { fitting, type Lane } from './lane.js';

/** Kinesis takes 10 MiB and 500 records in one call; half of it keeps one call from delaying its lanes. */
export const callLimits = { records: 500, bytes: 5 * 1024 * 1024 } as const;

/** One PutRecords call: a record of each of its lanes. */
export interface Call {
  lanes: Lane[];
  records: PackedRecord[];
}

/**
 * Packs one record of each lane and lays the records into as few calls as hold them. Lanes share a call but not a fate: Kinesis
 * answers for each record by itself. Marks the chunks as in flight.
 */
export function packCalls(lanes: readonly Lane[]): Call[] {
  const calls: Call[] = [];
  let bytes = 0;
  for (const lane of lanes) {
    lane.inFlight = fitting(lane.queue);
    const chunks = lane.queue.slice(0, lane.inFlight).map(({ chunk }) => chunk);
    const data = chunks.length === 1 ? chunks[0]!.data : Buffer.concat(chunks.map((chunk) => chunk.data));
    let call = calls.at(-1);
    if (call === undefined || call.records.length === callLimits.records || bytes + data.length > callLimits.bytes) {
      call = { lanes: [], records: [] };
      calls.push(call);
      bytes = 0;
    }
    bytes += data.length;
    call.lanes.push(lane);
    call.records.push({
      partitionKey: `lane-${lane.index}`,
      hashKey: lane.hashKey,
      data,
      events: chunks.reduce((sum, { events }) => sum + events, 0),
    });
  }
  return calls;
}
