import { type Bound, shareOf } from './bounds.js';
import { type FiveKilobyteReading, readingNames } from './cost.js';
import { count, dollars, figure, mebibytes } from './figures.js';
import type { Plan } from './plan.js';
import type { Variant } from './variant.js';

/** The ways of packing that a plan compares, in the order of its columns. */
export const ways = ['unpacked', 'visitor', 'even', 'full'] as const;

/** The columns' names. */
export const columnNames = { unpacked: 'one by one', visitor: 'visitor', even: 'even', full: 'full records' } as const;

/** A line of the plan: what, and its value for each way of packing. */
export type Row = { what: string } & Record<(typeof ways)[number], string>;

const lines: [what: string, of: (variant: Variant, plan: Plan) => string][] = [
  ['events in a record', ({ capacity }) => figure(capacity.eventsPerRecord)],
  ['record, bytes', ({ capacity }) => figure(capacity.recordBytes)],
  [
    'bytes that Firehose bills for a byte, 5 KB per record',
    ({ capacity }) => (capacity.firehoseBytes / capacity.recordBytes).toFixed(2),
  ],
  ['25 KB units that Kinesis bills for a record', ({ capacity }) => figure(capacity.payloadUnits)],
  [
    'a request waits for Kinesis, half / 99 % at most',
    ({ capacity: { answeredMs } }) => (answeredMs === undefined ? '' : `${answeredMs.p50} / ${answeredMs.p99} ms`),
  ],
  ['records/s into the stream', ({ capacity }) => figure(capacity.recordsPerSecond)],
  ['MB/s into the stream', ({ capacity }) => figure(capacity.streamBytesPerSecond / 1e6)],
  ['PutRecords calls/s, at least', ({ capacity }) => figure(capacity.callsPerSecond)],
  [
    'shards at the peak, bare / 70 % full',
    ({ capacity }) => `${count(capacity.shardsBare)} / ${count(capacity.shards)}`,
  ],
  ['ingest servers', ({ capacity }) => figure(capacity.servers)],
  ['partitions that can be active', (_, { workload }) => figure(workload.possiblePartitions)],
  ['objects a month', ({ capacity }) => count(capacity.objectsPerMonth)],
  ['mean object before compression', ({ capacity }) => mebibytes(capacity.objectBytes)],
];

const bill: [what: string, of: (variant: Variant) => number][] = [
  ['Kinesis with shards', ({ costs }) => costs.kinesisProvisioned + costs.retentionProvisioned],
  ['Kinesis on demand', ({ costs }) => costs.kinesisOnDemand + costs.retentionOnDemand],
  ['Firehose ingest, 5 KB per record', ({ costs }) => costs.firehoseIngest['per record']],
  ['Firehose ingest, 5 KB per event', ({ costs }) => costs.firehoseIngest['per sub-record']],
  ['Firehose partitioning, by GB', ({ costs }) => costs.partitioning],
  ['Firehose partitioning, by object', ({ costs }) => costs.partitionedObjects],
  ['S3 PUT', ({ costs }) => costs.s3Puts],
  ['S3, one month’s events', ({ costs }) => costs.s3Storage],
  ['EC2, addresses, disks', ({ costs }) => costs.servers],
  ['load balancer', ({ costs }) => costs.loadBalancer],
  ['CloudWatch', ({ costs }) => costs.cloudWatch],
];

const each = <Of>(plan: Plan, of: (variant: Variant) => Of) => ({
  unpacked: of(plan.unpacked),
  visitor: of(plan.visitor),
  even: of(plan.even),
  full: of(plan.full),
});

const readings = Object.entries(readingNames) as [FiveKilobyteReading, string][];

/** What flows, in the order in which it flows. */
export function capacityRows(plan: Plan): Row[] {
  return lines.map(([what, of]) => ({ what, ...each(plan, (variant) => of(variant, plan)) }));
}

/** Dollars a month per service. The total has the cheaper kind of stream; the other stays out of it. */
export function costRows(plan: Plan): Row[] {
  const rows = bill.map(([what, of]) => ({ what, ...each(plan, (variant) => dollars(of(variant))) }));
  const totals = readings.map(([reading, name]) => ({
    what: `total, 5 KB per ${name}`,
    ...each(plan, (variant) => dollars(variant.totals[reading])),
  }));
  const million = readings.map(([reading, name]) => ({
    what: `a million events, 5 KB per ${name}`,
    ...each(plan, (variant) => `$${variant.dollarsPerMillionEvents[reading].toFixed(3)}`),
  }));
  return [...rows, ...totals, ...million];
}

/** What ends first: `an hour without Kinesis, in the spools: 3,600 s of events, limit 716`. */
export function boundText(bound: Bound): string {
  return `${bound.what}: ${figure(bound.used)} ${bound.unit}, limit ${figure(bound.limit)} (${figure(shareOf(bound) * 100)} %)`;
}
