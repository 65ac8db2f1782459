import type { Capacity } from './capacity.js';
import { eventsPerServer, type Sizing, type Workload } from './workload.js';

/** Something that has an end. */
export interface Bound {
  what: string;
  /** How much of it the plan uses at its peak, and how much there is, in `unit`. */
  used: number;
  limit: number;
  unit: string;
  /** Whether AWS raises it on request; the others end where they end. */
  quota: boolean;
  /** What to do when it comes near. */
  action: string;
}

/** The share from which on a bound is worth an action before the first event is sent. */
export const nearShare = 0.8;

/** How much of a bound is used: 1 is all of it. */
export const shareOf = ({ used, limit }: Bound) => used / limit;
/** The nearest first. */
export const byNearness = (a: Bound, b: Bound) => shareOf(b) - shareOf(a);

/**
 * A region's quota of shards; the service names it for us-east-1 only.
 * https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
 */
const shardQuota = 20_000;
/** What a new on-demand stream takes; afterwards twice the peak of the last 30 days. */
const onDemandStart = { bytesPerSecond: 4e6, recordsPerSecond: 4_000 };
/**
 * Running On-Demand Standard instances, in vCPUs: what a new account begins with; AWS raises it with use, and sources
 * name up to 32. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-quotas.html
 */
const vcpuQuota = 5;
/** Of each type in the price list. */
const vcpusPerServer = 2;
/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html */
const targetQuota = 1_000;
/** Of one stream. Each server lists the shards every 30 s. */
const listCallsPerSecond = 1_000;
const listsPerServer = 1 / 30;
const activePartitionQuota = 500;
const partitionBytesPerSecond = 1e9;
/** A partition's share of the traffic is rarely even: the busiest is taken to get this many times the mean. */
const hotPartition = 5;

/** Everything in the plan that has an end, the nearest first. Rates are at the peak. */
export function boundsOf(workload: Workload, sizing: Sizing, capacity: Capacity): Bound[] {
  const peak = workload.eventsPerSecond === 0 ? 1 : workload.peakEventsPerSecond / workload.eventsPerSecond;
  const records = capacity.recordsPerSecond * peak;
  const bytes = capacity.streamBytesPerSecond * peak;
  const delivered = capacity.deliveredBytesPerSecond * peak;
  const spoolSeconds = (capacity.servers * sizing.spoolBytes) / Math.max(1, delivered);
  const bounds: Bound[] = [
    {
      what: 'a new on-demand stream, bytes',
      used: bytes / 1e6,
      limit: onDemandStart.bytesPerSecond / 1e6,
      unit: 'MB/s',
      quota: false,
      action:
        'take shards, or let the stream grow: on demand doubles the 30-day peak, and more than double within 15 min throttles',
    },
    {
      what: 'a new on-demand stream, records',
      used: records,
      limit: onDemandStart.recordsPerSecond,
      unit: 'records/s',
      quota: false,
      action: 'pack the events, or take shards',
    },
    {
      what: 'shards in the region',
      used: capacity.shards,
      limit: shardQuota,
      unit: 'shards',
      quota: true,
      action: 'raise the quota of shards per Region of Kinesis Data Streams in Service Quotas',
    },
    {
      what: 'vCPUs of running instances, in a new account',
      // A change brings a new server before an old one goes; a trial has none to spare.
      used: (capacity.servers + (sizing.balanced ? 1 : 0)) * vcpusPerServer,
      limit: vcpuQuota,
      unit: 'vCPUs',
      quota: true,
      action:
        'look up the quota of Running On-Demand Standard instances of EC2 in Service Quotas, and raise it if it is lower',
    },
    {
      what: 'servers behind the load balancer',
      used: sizing.balanced ? capacity.servers : 0,
      limit: targetQuota,
      unit: 'targets',
      quota: true,
      action:
        'raise the quotas of targets of Elastic Load Balancing, per Application Load Balancer and per target group, in Service Quotas',
    },
    {
      what: 'calls that list the shards',
      used: capacity.servers * listsPerServer,
      limit: listCallsPerSecond,
      unit: 'calls/s',
      quota: false,
      action: 'a second stream, with servers of its own',
    },
    {
      what: 'active partitions of the delivery stream',
      used: workload.possiblePartitions,
      limit: activePartitionQuota,
      unit: 'partitions',
      quota: true,
      action:
        'raise the quota of active partitions of Data Firehose (on request; sources name 2,500 and 5,000 as the most), or declare fewer pages and events: beyond it records go to errors/activePartitionExceeded/',
    },
    {
      what: 'the busiest partition',
      used: ((delivered / Math.max(1, workload.filledPartitions)) * hotPartition) / 1e6,
      limit: partitionBytesPerSecond / 1e6,
      unit: 'MB/s',
      quota: false,
      action: 'split the page or event in two in the catalogue: 1 GB/s is the most that one partition takes',
    },
    {
      what: 'the ingest servers',
      used: workload.peakEventsPerSecond,
      limit: capacity.servers * eventsPerServer(workload).most,
      unit: 'events/s',
      quota: false,
      action: 'more servers (--servers here, --max-servers of up)',
    },
    {
      what: 'an hour without Kinesis, in the spools',
      used: 3_600,
      limit: spoolSeconds,
      unit: 's of events',
      quota: false,
      action: 'a larger spool (SpoolGiB): when it is full the servers answer 503 and the trackers keep their events',
    },
  ];
  return bounds.sort(byNearness);
}
