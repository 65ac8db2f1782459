import { billed } from '../core/delivery/cost.js';
import type { PackedRecord } from '../core/delivery/sink.js';

/** Sums over records. */
export interface RecordSums {
  records: number;
  events: number;
  bytes: number;
  /** Of 25 KB, as a provisioned stream bills them. */
  payloadUnits: number;
  /** Each record rounded up to 5 KB. */
  firehoseBytes: number;
}

/** Adds records up. */
export interface RecordTally {
  add(record: PackedRecord): void;
  sums(): RecordSums;
  clear(): void;
}

const nothing = (): RecordSums => ({ records: 0, events: 0, bytes: 0, payloadUnits: 0, firehoseBytes: 0 });

/** A tally of no records. */
export function createRecordTally(): RecordTally {
  let sums = nothing();
  return {
    add({ events, bytes }) {
      const { payloadUnits, firehoseBytes } = billed(bytes);
      sums.records += 1;
      sums.events += events;
      sums.bytes += bytes;
      sums.payloadUnits += payloadUnits;
      sums.firehoseBytes += firehoseBytes;
    },
    sums: () => ({ ...sums }),
    clear() {
      sums = nothing();
    },
  };
}
