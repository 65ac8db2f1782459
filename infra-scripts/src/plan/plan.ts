import { type Bound, nearShare, shareOf } from './bounds.js';
import { serversFor, shardsFor } from './capacity.js';
import { fullRecord, type Packing, packedBy, unpacked } from './packing.js';
import { prices } from './prices.js';
import { recommendedSpread } from './recommendation.js';
import { simulatedPacking } from './simulated-packing.js';
import { type Variant, variantOf } from './variant.js';
import type { Sizing, Spread, Workload } from './workload.js';

/** What a pipeline takes and costs before it is built. */
export interface Plan {
  workload: Workload;
  sizing: Sizing;
  pricesAsOf: string;
  /** Events one by one, as most examples put them. */
  unpacked: Variant;
  /** As the ingest servers pack them at this rate, by the one way to spread and by the other. */
  visitor: Variant;
  even: Variant;
  /** The records that cost least. */
  full: Variant;
  recommendedSpread: Spread;
  /** The one that was asked for; else the recommended one. What follows is by this one. */
  spread: Spread;
  /** Quotas of AWS to raise before the first event. */
  quotasToRaise: Bound[];
  notInTheSum: string[];
}

const notInTheSum = [
  'jq hours of dynamic partitioning ($0.07 an hour; how many a GB takes is in no source: read JQProcessing.Duration)',
  'the trackers’ and the store’s own traffic, data transfer out of AWS and between zones',
  'Athena queries ($5 a TB scanned), storage beyond the first month, the logs',
  'the host for the generator, when it runs ($0.0104 an hour as t3.micro)',
];

/**
 * Arithmetic, and a simulation of one ingest server for its records. No call is made.
 * @throws RangeError naming the number that is out of range.
 */
export async function makePlan(workload: Workload, sizing: Sizing): Promise<Plan> {
  check(workload, sizing);
  const visitor = variantOf(workload, sizing, await packingBy('visitor', workload, sizing));
  const even = variantOf(workload, sizing, await packingBy('even', workload, sizing));
  const recommended = recommendedSpread(visitor, even);
  const spread = sizing.spread ?? recommended;
  const { bounds } = spread === 'even' ? even : visitor;
  return {
    workload,
    sizing,
    pricesAsOf: prices.asOf,
    unpacked: variantOf(workload, sizing, unpacked(workload)),
    visitor,
    even,
    full: variantOf(workload, sizing, fullRecord(workload)),
    recommendedSpread: recommended,
    spread,
    quotasToRaise: bounds.filter((bound) => bound.quota && shareOf(bound) >= nearShare),
    notInTheSum,
  };
}

/** What the ingest servers make of the mean rate. */
async function packingBy(spread: Spread, workload: Workload, sizing: Sizing): Promise<Packing> {
  if (sizing.eventsPerRecord !== undefined) return packedBy(sizing.eventsPerRecord, workload);
  const { eventBytes, eventsPerRequest } = workload;
  const eventsPerSecond = workload.eventsPerSecond / serversFor(workload, sizing);
  // More shards may be more lanes, more lanes pack less, and smaller records may need more shards: from below, until
  // it holds within a hundredth.
  let shards = shardsFor(workload, sizing, fullRecord(workload));
  for (;;) {
    const server = { spread, shards, eventsPerSecond, eventBytes, eventsPerRequest, lingerMs: sizing.lingerMs };
    const packing = await simulatedPacking(server);
    const needed = shardsFor(workload, sizing, packing);
    if (needed <= shards * 1.01) return packing;
    shards = needed;
  }
}

function check(workload: Workload, sizing: Sizing): void {
  const wrong = [
    [workload.eventsPerSecond > 0, 'events a second must be above 0'],
    [workload.peakEventsPerSecond >= workload.eventsPerSecond, 'the peak must not be below the mean'],
    [
      workload.eventBytes >= 1 && workload.eventBytes <= 16 * 1024,
      'an event is 1 to 16,384 bytes: the ingest server takes no larger one',
    ],
    [
      sizing.eventsPerRecord === undefined ||
        (sizing.eventsPerRecord >= 1 &&
          sizing.eventsPerRecord <= 500 &&
          sizing.eventsPerRecord * (workload.eventBytes + 1) <= 1_000 * 1024),
      'a record holds 1 to 500 events and 1,000 KiB: Firehose takes no larger one apart',
    ],
  ] as const;
  const first = wrong.find(([holds]) => !holds);
  if (first) throw new RangeError(first[1]);
}
