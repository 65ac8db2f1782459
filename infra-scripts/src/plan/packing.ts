import type { ServerFigures } from '@millrace/ingest-server/simulation';
import { prices } from './prices.js';
import type { Workload } from './workload.js';

/** What a packed record of the ingest server may hold. Firehose splits 500 sub-records and no more. */
const mostEvents = 500;
/** The ingest servers fill a record up to about so many bytes, and put a few events into it however large they are. */
const filledBytes = 30_000;
const fewEvents = 4;
const steps = { payloadUnit: 25_000, firehose: 5 * 1_024, onDemand: 1_024 } as const;

/** The mean record in the stream, and what it is billed as. */
export interface Packing {
  eventsPerRecord: number;
  /** Data without the partition key. */
  recordBytes: number;
  /** PUT payload units of 25 KB. */
  payloadUnits: number;
  /** Rounded up to 5 KB. */
  firehoseBytes: number;
  /** Rounded up to 1 KB. */
  onDemandBytes: number;
  /** How long a request waits until the stream has its events, where that is known. */
  answeredMs?: { p50: number; p99: number };
}

/** Records that are all alike. */
function alike(eventsPerRecord: number, recordBytes: number): Packing {
  const roundedUp = (step: number) => Math.ceil(recordBytes / step) * step;
  return {
    eventsPerRecord,
    recordBytes,
    payloadUnits: Math.ceil(recordBytes / steps.payloadUnit),
    firehoseBytes: roundedUp(steps.firehose),
    onDemandBytes: roundedUp(steps.onDemand),
  };
}

/** An event put by itself, as the walkthrough's generator and most examples do: no newline. */
export const unpacked = ({ eventBytes }: Workload): Packing => alike(1, eventBytes);

/** So many events in each record, each with its newline. */
export const packedBy = (eventsPerRecord: number, { eventBytes }: Workload): Packing =>
  alike(eventsPerRecord, eventsPerRecord * (eventBytes + 1));

/** The record that costs least an event. */
export function fullRecord(workload: Workload): Packing {
  const fit = Math.min(mostEvents, Math.max(fewEvents, Math.floor(filledBytes / (workload.eventBytes + 1))));
  const records = Array.from({ length: fit }, (_, index) => packedBy(index + 1, workload));
  return records.reduce((best, record) => (dollarsPerEvent(record) < dollarsPerEvent(best) ? record : best));
}

function dollarsPerEvent({ eventsPerRecord, payloadUnits, firehoseBytes }: Packing): number {
  const firehose = (firehoseBytes / 2 ** 30) * prices.firehoseIngest[0].dollars;
  return (payloadUnits * prices.kinesisPutUnit.dollars + firehose) / eventsPerRecord;
}

/** Records of many sizes, as a server makes them. */
export function packingOf(server: ServerFigures): Packing {
  const { eventsPerRecord, meanRecordBytes, recordsPerSecond } = server;
  return {
    eventsPerRecord,
    recordBytes: meanRecordBytes,
    payloadUnits: server.payloadUnitsPerSecond / recordsPerSecond,
    firehoseBytes: server.firehoseBilledBytesPerSecond / recordsPerSecond,
    // Where sizes differ, half a step is the mean of what is rounded up.
    onDemandBytes: meanRecordBytes + steps.onDemand / 2,
    answeredMs: server.acknowledgedMs,
  };
}
