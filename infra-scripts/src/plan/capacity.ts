import type { Packing } from './packing.js';
import { secondsPerMonth } from './prices.js';
import { eventsPerServer, type Sizing, shardUtilisation, type Workload } from './workload.js';

/** https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
export const shardLimits = { recordsPerSecond: 1_000, bytesPerSecond: 1_000_000 } as const;
const callLimits = { records: 500, bytes: 10 * 1024 * 1024 } as const;

/** What flows and what it takes to carry it. */
export interface Capacity extends Packing {
  servers: number;
  /** Shards at the peak: with nothing to spare, and with each 70 % full. */
  shardsBare: number;
  shards: number;
  recordsPerSecond: number;
  /** Into the stream, the partition keys included. */
  streamBytesPerSecond: number;
  /** PutRecords calls at least. */
  callsPerSecond: number;
  /** Out of Firehose: every event with its newline, before compression. */
  deliveredBytesPerSecond: number;
  objectsPerMonth: number;
  /** The mean object before compression. */
  objectBytes: number;
}

/** What flows for a workload whose records are packed like this, and the shards and servers that it takes. */
export function capacityOf(workload: Workload, sizing: Sizing, packing: Packing): Capacity {
  const { eventsPerSecond, eventBytes } = workload;
  const recordsPerSecond = eventsPerSecond / packing.eventsPerRecord;
  const deliveredBytesPerSecond = eventsPerSecond * (eventBytes + 1);
  const objectsPerSecond = objectsEachSecond(workload, sizing, deliveredBytesPerSecond);
  return {
    ...packing,
    servers: serversFor(workload, sizing),
    shardsBare: shardsFor(workload, sizing, packing, 1),
    shards: shardsFor(workload, sizing, packing),
    recordsPerSecond,
    streamBytesPerSecond: recordsPerSecond * (packing.recordBytes + sizing.partitionKeyBytes),
    callsPerSecond: Math.max(
      recordsPerSecond / callLimits.records,
      (recordsPerSecond * packing.recordBytes) / callLimits.bytes,
    ),
    deliveredBytesPerSecond,
    objectsPerMonth: objectsPerSecond * secondsPerMonth,
    objectBytes: objectsPerSecond === 0 ? 0 : deliveredBytesPerSecond / objectsPerSecond,
  };
}

/** As many as the peak needs, two at least: one in each zone. */
export function serversFor(workload: Workload, { servers, balanced }: Sizing): number {
  if (servers !== undefined) return servers;
  return balanced ? Math.max(2, Math.ceil(workload.peakEventsPerSecond / eventsPerServer(workload).planned)) : 1;
}

/** Shards at the peak. */
export function shardsFor(
  { peakEventsPerSecond }: Workload,
  { partitionKeyBytes }: Sizing,
  { eventsPerRecord, recordBytes }: Packing,
  utilisation = shardUtilisation,
): number {
  const records = peakEventsPerSecond / eventsPerRecord;
  const bytes = records * (recordBytes + partitionKeyBytes);
  const share = Math.max(records / shardLimits.recordsPerSecond, bytes / shardLimits.bytesPerSecond);
  // Sums of decimal fractions: 70.00000000000001 shards are 70.
  return Math.max(1, Math.ceil(share / utilisation - 1e-9));
}

/**
 * A partition's buffer opens with its first event and is written after the interval or at the size, whichever is first.
 * Sizes count before compression.
 * https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
 */
function objectsEachSecond({ filledPartitions, eventsPerSecond }: Workload, sizing: Sizing, bytes: number): number {
  if (eventsPerSecond === 0) return 0;
  const untilFirstSeconds = filledPartitions / eventsPerSecond;
  const byTime = filledPartitions / (sizing.bufferIntervalSeconds + untilFirstSeconds);
  const bySize = bytes / (sizing.bufferSizeMiB * 1024 * 1024);
  return Math.max(byTime, bySize);
}
