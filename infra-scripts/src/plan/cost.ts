import type { Capacity } from './capacity.js';
import { unpacked } from './packing.js';
import { hoursPerMonth, prices, secondsPerMonth } from './prices.js';
import { eventsPerConnection, type Sizing, type Workload } from './workload.js';

const gibibyte = 2 ** 30;
const perMonth = (bytesPerSecond: number) => (bytesPerSecond * secondsPerMonth) / gibibyte;

/**
 * Which stands for one 5 KB step: the record in the stream, or each event that Firehose takes out of it. AWS's pages do
 * not say.
 */
export type FiveKilobyteReading = 'per record' | 'per sub-record';
/** What counts, in words. */
export const readingNames: Record<FiveKilobyteReading, string> = { 'per record': 'record', 'per sub-record': 'event' };

/** Dollars a month. */
export interface Costs {
  kinesisProvisioned: number;
  kinesisOnDemand: number;
  /** Keeping events in the stream for longer than a day: on shards, and on demand. */
  retentionProvisioned: number;
  retentionOnDemand: number;
  firehoseIngest: Record<FiveKilobyteReading, number>;
  firehoseIngestGB: Record<FiveKilobyteReading, number>;
  partitioning: number;
  partitionedObjects: number;
  s3Puts: number;
  /** Of one month's events, kept for a month. */
  s3Storage: number;
  servers: number;
  loadBalancer: number;
  cloudWatch: number;
}

/** What the template makes of these: the tests hold it to them. */
export const watched = { alarms: 9, dashboards: 1 } as const;

/** Dollars a month for each service. */
export function costsOf(workload: Workload, sizing: Sizing, capacity: Capacity): Costs {
  const { recordsPerSecond, recordBytes, payloadUnits, firehoseBytes, onDemandBytes, shards } = capacity;
  const deliveredGB = perMonth(capacity.deliveredBytesPerSecond);
  const perRecord = perMonth(recordsPerSecond * firehoseBytes);
  const perSubRecord = perMonth(workload.eventsPerSecond * unpacked(workload).firehoseBytes);
  const extraHours = Math.max(0, sizing.retentionHours - 24);
  return {
    kinesisProvisioned:
      shards * hoursPerMonth * prices.kinesisShardHour.dollars +
      recordsPerSecond * payloadUnits * secondsPerMonth * prices.kinesisPutUnit.dollars,
    kinesisOnDemand:
      perMonth(recordsPerSecond * onDemandBytes) * prices.kinesisOnDemandIn.dollars +
      perMonth(recordsPerSecond * recordBytes) * prices.kinesisOnDemandOut.dollars +
      hoursPerMonth * prices.kinesisOnDemandHour.dollars,
    retentionProvisioned: extraHours > 0 ? shards * hoursPerMonth * prices.kinesisShardRetentionHour.dollars : 0,
    retentionOnDemand:
      ((recordsPerSecond * recordBytes * extraHours * 3_600) / gibibyte) * prices.kinesisOnDemandRetention.dollars,
    firehoseIngest: { 'per record': tiered(perRecord), 'per sub-record': tiered(perSubRecord) },
    firehoseIngestGB: { 'per record': perRecord, 'per sub-record': perSubRecord },
    partitioning: deliveredGB * prices.partitionedGB.dollars,
    partitionedObjects: capacity.objectsPerMonth * prices.partitionedObject.dollars,
    s3Puts: capacity.objectsPerMonth * prices.s3Put.dollars,
    s3Storage: (deliveredGB / sizing.compressionRatio) * prices.s3StorageMonth.dollars,
    servers: serverCost(sizing, capacity.servers),
    loadBalancer: sizing.balanced ? balancerCost(workload) : 0,
    cloudWatch: watched.alarms * prices.alarmMonth.dollars + watched.dashboards * prices.dashboardMonth.dollars,
  };
}

/** Firehose's price falls with the month's volume, and only for what lies beyond the step. */
function tiered(GB: number): number {
  let dollars = 0;
  let from = 0;
  for (const tier of prices.firehoseIngest) {
    dollars += Math.max(0, Math.min(GB, tier.upToGB) - from) * tier.dollars;
    from = tier.upToGB;
  }
  return dollars;
}

/** Spool and system on one volume. */
const systemBytes = 8 * gibibyte;

function serverCost({ instanceType, spoolBytes }: Sizing, servers: number): number {
  const hourly = prices.instanceHour[instanceType].dollars + prices.addressHour.dollars;
  const disk = ((systemBytes + spoolBytes) / gibibyte) * prices.volumeMonth.dollars;
  return servers * (hourly * hoursPerMonth + disk);
}

/** A capacity unit is 25 new connections a second or 1 GB an hour, whichever is more. */
function balancerCost({ eventsPerSecond, eventBytes }: Workload): number {
  const units = Math.max(eventsPerSecond / eventsPerConnection / 25, (eventsPerSecond * eventBytes * 3_600) / 1e9);
  const addresses = 2 * prices.addressHour.dollars;
  return hoursPerMonth * (prices.balancerHour.dollars + units * prices.balancerUnitHour.dollars + addresses);
}

/** One full scan of a month's events in Athena. */
export function scanCost(capacity: Capacity, { compressionRatio }: Sizing): number {
  const bytes = (capacity.deliveredBytesPerSecond * secondsPerMonth) / compressionRatio;
  return (bytes / 2 ** 40) * prices.athenaScan.dollars;
}

/** How the stream is paid for. */
export type Kinesis = 'provisioned' | 'on-demand';

/** The month's bill, of one kind of stream and one reading of the 5 KB. */
export function total(costs: Costs, kinesis: Kinesis, reading: FiveKilobyteReading): number {
  const stream =
    kinesis === 'provisioned'
      ? costs.kinesisProvisioned + costs.retentionProvisioned
      : costs.kinesisOnDemand + costs.retentionOnDemand;
  return (
    stream +
    costs.firehoseIngest[reading] +
    costs.partitioning +
    costs.partitionedObjects +
    costs.s3Puts +
    costs.s3Storage +
    costs.servers +
    costs.loadBalancer +
    costs.cloudWatch
  );
}
