import type { Sizing, Workload } from './workload.js';

/** What a packed record of the ingest server may hold. Firehose splits 500 sub-records and no more. */
const mostEvents = 500;
/** A lane with this much does not wait for more: below 25 KB a record is one PUT payload unit. */
const targetBytes = 24_000;

/** A record as it lies in the stream. */
export interface Packing {
  /** The mean; not a whole number where the linger decides. */
  eventsPerRecord: number;
  /** Data without the partition key. */
  recordBytes: number;
}

/** An event put by itself, as the walkthrough's generator and most examples do: no newline. */
export const unpacked = ({ eventBytes }: Workload): Packing => ({ eventsPerRecord: 1, recordBytes: eventBytes });

/** The largest record that does not pass the target by more than its last event. */
export function fullRecord({ eventBytes }: Workload): Packing {
  const eventsPerRecord = Math.max(1, Math.min(mostEvents, Math.ceil(targetBytes / (eventBytes + 1))));
  return { eventsPerRecord, recordBytes: eventsPerRecord * (eventBytes + 1) };
}

/**
 * What the ingest servers make of the mean rate: a lane (one a shard and server) leaves when it has 24 kB, or when its
 * first event has waited for the linger. So few servers and few shards pack better than many.
 */
export function packed(workload: Workload, sizing: Sizing, lanes: number, servers: number): Packing {
  const full = fullRecord(workload).eventsPerRecord;
  const perLaneAndLinger = (workload.eventsPerSecond / servers / lanes) * (sizing.lingerMs / 1_000);
  const eventsPerRecord = sizing.eventsPerRecord ?? Math.min(full, 1 + perLaneAndLinger);
  return { eventsPerRecord, recordBytes: eventsPerRecord * (workload.eventBytes + 1) };
}
