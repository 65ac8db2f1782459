// Fleets as `millrace plan` sizes them, and what a month of their records costs.
import { defaultSizing } from '../../infra-scripts/dist/src/plan/default-sizing.js';
import { fullRecord } from '../../infra-scripts/dist/src/plan/packing.js';
import { workloadOf } from '../../infra-scripts/dist/src/plan/traffic.js';
import { variantOf } from '../../infra-scripts/dist/src/plan/variant.js';

const sizing = defaultSizing();

/** Servers and shards for this mean rate, with full records; the peak, which they are for, is twice the mean. */
export function fleetFor(eventsPerSecond, { eventBytes, eventsPerRequest }) {
  const workload = workloadOf({ eventsPerSecond, eventBytes, eventsPerRequest });
  const full = variantOf(workload, sizing, fullRecord(workload));
  const { servers, shards } = full.capacity;
  return { eventsPerSecond, servers, shards, workload, full };
}

/** Dollars a month at the mean rate with records as the fleet made them, and over what full records cost. */
export function billOf({ workload, full }, taken) {
  const recordBytes = taken.bytes / taken.records;
  const { costs, kinesis, totals } = variantOf(workload, sizing, {
    eventsPerRecord: taken.events / taken.records,
    recordBytes,
    payloadUnits: taken.payloadUnits / taken.records,
    firehoseBytes: taken.firehoseBytes / taken.records,
    // Steps of 1 KB: half of one is rounded up in the mean.
    onDemandBytes: recordBytes + 512,
  });
  const total = totals['per record'];
  return {
    kinesis: kinesis === 'provisioned' ? costs.kinesisProvisioned : costs.kinesisOnDemand,
    firehose: costs.firehoseIngest['per record'],
    total,
    overFull: total / full.totals['per record'],
  };
}
