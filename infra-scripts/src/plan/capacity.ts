import { fullRecord, type Packing, packed, unpacked } from './packing.js';
import { secondsPerMonth } from './prices.js';
import { plannedEventsPerServer, type Sizing, shardUtilisation, type Workload } from './workload.js';

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

/** Events one by one; packed as the ingest servers do it at this rate; and what the best packing would give. */
export type Mode = 'unpacked' | 'packed' | 'full';

/** What flows for a workload, and the shards and servers that it takes. */
export function capacityOf(workload: Workload, sizing: Sizing, mode: Mode): Capacity {
  const servers = serversFor(workload, sizing);
  if (mode === 'unpacked') return capacityWith(workload, sizing, unpacked(workload), servers);
  if (mode === 'full') return capacityWith(workload, sizing, fullRecord(workload), servers);
  // More shards are more lanes, more lanes pack less, and smaller records may need more shards: from below, until it
  // holds.
  let lanes = shardsFor(workload, fullRecord(workload).eventsPerRecord, sizing.partitionKeyBytes, shardUtilisation);
  for (;;) {
    const packing = packed(workload, sizing, lanes, servers);
    const shards = shardsFor(workload, packing.eventsPerRecord, sizing.partitionKeyBytes, shardUtilisation);
    if (shards <= lanes) return capacityWith(workload, sizing, packing, servers);
    lanes = shards;
  }
}

function serversFor({ peakEventsPerSecond }: Workload, { servers, balanced }: Sizing): number {
  return servers ?? (balanced ? Math.max(2, Math.ceil(peakEventsPerSecond / plannedEventsPerServer)) : 1);
}

const dataBytes = ({ eventBytes }: Workload, eventsPerRecord: number) =>
  eventsPerRecord === 1 ? eventBytes : eventsPerRecord * (eventBytes + 1);

function shardsFor(workload: Workload, eventsPerRecord: number, keyBytes: number, utilisation: number): number {
  const records = workload.peakEventsPerSecond / eventsPerRecord;
  const bytes = records * (dataBytes(workload, eventsPerRecord) + keyBytes);
  const share = Math.max(records / shardLimits.recordsPerSecond, bytes / shardLimits.bytesPerSecond);
  // Sums of decimal fractions: 70.00000000000001 shards are 70.
  return Math.max(1, Math.ceil(share / utilisation - 1e-9));
}

function capacityWith(workload: Workload, sizing: Sizing, packing: Packing, servers: number): Capacity {
  const { eventsPerSecond, eventBytes } = workload;
  const recordsPerSecond = eventsPerSecond / packing.eventsPerRecord;
  const streamBytesPerSecond = recordsPerSecond * (packing.recordBytes + sizing.partitionKeyBytes);
  const shards = (utilisation: number) =>
    shardsFor(workload, packing.eventsPerRecord, sizing.partitionKeyBytes, utilisation);
  const deliveredBytesPerSecond = eventsPerSecond * (eventBytes + 1);
  const objectsPerSecond = objectsEachSecond(workload, sizing, deliveredBytesPerSecond);
  return {
    ...packing,
    servers,
    shardsBare: shards(1),
    shards: shards(shardUtilisation),
    recordsPerSecond,
    streamBytesPerSecond,
    callsPerSecond: Math.max(
      recordsPerSecond / callLimits.records,
      (recordsPerSecond * packing.recordBytes) / callLimits.bytes,
    ),
    deliveredBytesPerSecond,
    objectsPerMonth: objectsPerSecond * secondsPerMonth,
    objectBytes: objectsPerSecond === 0 ? 0 : deliveredBytesPerSecond / objectsPerSecond,
  };
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
