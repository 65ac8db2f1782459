import type { InstanceType } from './prices.js';

/** What is to be carried. Rates are events a second. */
export interface Workload {
  eventsPerSecond: number;
  /** The busiest minute: what the shards and the servers must hold. */
  peakEventsPerSecond: number;
  /** One event as a JSON line, without its newline. */
  eventBytes: number;
  /** Partitions that get events all the time: declared pages × events. They decide how many objects there are. */
  filledPartitions: number;
  /** Partitions that can be active at once, `_other` and the quarantine included: what Firehose's quota counts. */
  possiblePartitions: number;
}

/** How it is to be carried. */
export interface Sizing {
  region: string;
  /** Ingest servers; left out, as many as the peak needs, two at least: one in each zone. */
  servers?: number | undefined;
  instanceType: InstanceType;
  /** Whether a load balancer stands before the servers; a trial with one server has none. */
  balanced: boolean;
  /** How long a quiet lane of the ingest server waits for more events. */
  lingerMs: number;
  /** Left out, as many as the linger and a record's size allow at the mean rate. */
  eventsPerRecord?: number | undefined;
  /** Counted by Kinesis like data. */
  partitionKeyBytes: number;
  bufferSizeMiB: number;
  bufferIntervalSeconds: number;
  /** What gzip makes of the events: 8 means an eighth of their bytes. 1 without compression. */
  compressionRatio: number;
  retentionHours: number;
  /** Bytes that one server's spool may take on disk. */
  spoolBytes: number;
}

/** How full a shard may be at the peak, so that a hot one or a burst within a second slows nothing down. */
export const shardUtilisation = 0.7;

/**
 * What one server can acknowledge in a second: one process that held the whole pipeline acknowledged 12,000 on two
 * shared cores (README), and a server alone does less work an event. Half of it is planned for; the other half is for
 * an outage's backlog.
 */
export const mostEventsPerServer = 10_000;
/** Events a second that one server is planned for. */
export const plannedEventsPerServer = mostEventsPerServer / 2;

/**
 * How many events come over one connection before the browser or the balancer closes it: assumed, for the balancer's
 * capacity units.
 */
export const eventsPerConnection = 10;

/**
 * A catalogue's partitions, as the schema counts them: `_other` beside the pages and the events, and the quarantine's
 * codes.
 */
export const possiblePartitions = (pages: number, events: number, quarantineCodes: number) =>
  (pages + 1) * (events + 1) + quarantineCodes;
