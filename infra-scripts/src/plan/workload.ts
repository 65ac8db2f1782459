import type { InstanceType } from './prices.js';

/** What is to be carried. Rates are events a second. */
export interface Workload {
  eventsPerSecond: number;
  /** The busiest minute: what the shards and the servers must hold. */
  peakEventsPerSecond: number;
  /** One event as a JSON line, without its newline. */
  eventBytes: number;
  /** The mean of a request: see `sizeOfRequests`. */
  eventsPerRequest: number;
  /** Partitions that get events all the time: declared pages × events. They decide how many objects there are. */
  filledPartitions: number;
  /** Partitions that can be active at once, `_other` and the quarantine included: what Firehose's quota counts. */
  possiblePartitions: number;
}

/** How the ingest servers spread records over shards: `MILLRACE_SPREAD`. */
export type Spread = 'visitor' | 'even';

/** Browsers' requests have 1 to 10 events, each number as likely. */
export const browsersEventsPerRequest = 5.5;
/** The server takes no larger request. */
const mostEventsPerRequest = 500;

/** Sizes of requests with this mean, a multiple of 0.5: each number between the two is as likely. */
export function sizeOfRequests(mean: number): { least: number; most: number } {
  const least = Math.max(1, 2 * mean - mostEventsPerRequest);
  return { least, most: 2 * mean - least };
}

/** How it is to be carried. */
export interface Sizing {
  region: string;
  /** Ingest servers; left out, as many as the peak needs, two at least: one in each zone. */
  servers?: number | undefined;
  instanceType: InstanceType;
  /** Whether a load balancer stands before the servers; a trial with one server has none. */
  balanced: boolean;
  /** Left out, the one that is recommended for the workload. */
  spread?: Spread | undefined;
  /** How long a record waits for more events. */
  lingerMs: number;
  /** Left out, as many as the ingest servers put into one at the mean rate. */
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
 * What one server, a process on two vCPUs, acknowledges in a second. Events: 12,000 on two shared cores on 2026-11-23,
 * with the whole embedded AWS on the same thread (`bench/results/pipeline-one-thread.json`). Requests: one of 10 events
 * takes a quarter of a millisecond of one core (`bench/ingest/cost.mjs`), one with fewer events takes less. Both are
 * rounded down.
 */
export const serverTakes = { eventsPerSecond: 10_000, requestsPerSecond: 3_000 } as const;
/** How much of it is used at the peak. The rest carries another zone's traffic, and the spools after an outage. */
const serverUtilisation = 0.5;

/** What one server acknowledges of this workload: the end, and what is planned for. */
export function eventsPerServer({ eventsPerRequest }: Workload): { most: number; planned: number } {
  const most = Math.min(serverTakes.eventsPerSecond, serverTakes.requestsPerSecond * eventsPerRequest);
  return { most, planned: most * serverUtilisation };
}

/**
 * How many events come over one connection before the browser or the balancer closes it: assumed, for the balancer's
 * capacity units.
 */
export const eventsPerConnection = 10;

/**
 * A catalogue's partitions, as the schema counts them: `_other` beside the pages and the events, the quarantine's
 * codes, and the ledger.
 */
export const possiblePartitions = (pages: number, events: number, quarantineCodes: number) =>
  (pages + 1) * (events + 1) + quarantineCodes + 1;
