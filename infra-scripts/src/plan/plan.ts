import { type Bound, boundsOf, byNearness, laneBound, nearShare, shareOf } from './bounds.js';
import { type Capacity, capacityOf, type Mode } from './capacity.js';
import { type Costs, costsOf, type Kinesis, scanCost, total } from './cost.js';
import { prices, secondsPerMonth } from './prices.js';
import type { Sizing, Workload } from './workload.js';

/** One way of putting events into records. */
export interface Variant {
  capacity: Capacity;
  /** Dollars a month. */
  costs: Costs;
  /** The cheaper kind of stream, by the more expensive reading of the 5 KB. */
  kinesis: Kinesis;
  totals: { 'per record': number; 'per sub-record': number };
  dollarsPerMillionEvents: { 'per record': number; 'per sub-record': number };
  athenaScanOfAMonth: number;
  /** What has an end, the nearest first. */
  bounds: Bound[];
}

/** What a pipeline takes and costs before it is built. */
export interface Plan {
  workload: Workload;
  sizing: Sizing;
  pricesAsOf: string;
  /** Events one by one, as most examples put them. */
  unpacked: Variant;
  /** As the ingest servers pack them at this rate. */
  packed: Variant;
  /** What the best packing would give: near 24 kB a record. */
  full: Variant;
  /** Quotas of AWS to raise before the first event, with the packed records. */
  quotasToRaise: Bound[];
  notInTheSum: string[];
}

/** The share of the bill from which on small records are worth a word. */
const worthTelling = 0.05;

const notInTheSum = [
  'jq hours of dynamic partitioning ($0.07 an hour; how many a GB takes is in no source: read JQProcessing.Duration)',
  'the trackers’ and the store’s own traffic, data transfer out of AWS and between zones',
  'Athena queries ($5 a TB scanned), storage beyond the first month, the logs',
  'the host for the generator, when it runs ($0.0104 an hour as t3.micro)',
];

/**
 * Pure arithmetic: no call is made.
 * @throws RangeError naming the number that is out of range.
 */
export function makePlan(workload: Workload, sizing: Sizing): Plan {
  check(workload, sizing);
  const full = variantOf(workload, sizing, 'full');
  const packed = variantOf(workload, sizing, 'packed');
  const saved = packed.totals['per record'] - full.totals['per record'];
  if (saved > packed.totals['per record'] * worthTelling) {
    packed.bounds.push(laneBound(workload, sizing, packed.capacity, saved));
    packed.bounds.sort(byNearness);
  }
  return {
    workload,
    sizing,
    pricesAsOf: prices.asOf,
    unpacked: variantOf(workload, sizing, 'unpacked'),
    packed,
    full,
    quotasToRaise: packed.bounds.filter((bound) => bound.quota && shareOf(bound) >= nearShare),
    notInTheSum,
  };
}

function variantOf(workload: Workload, sizing: Sizing, mode: Mode): Variant {
  const capacity = capacityOf(workload, sizing, mode);
  const costs = costsOf(workload, sizing, capacity);
  const sum = (kinesis: Kinesis) => total(costs, kinesis, 'per sub-record');
  const kinesis = sum('on-demand') < sum('provisioned') ? 'on-demand' : 'provisioned';
  const totals = {
    'per record': total(costs, kinesis, 'per record'),
    'per sub-record': total(costs, kinesis, 'per sub-record'),
  };
  const millions = (workload.eventsPerSecond * secondsPerMonth) / 1e6;
  return {
    capacity,
    costs,
    kinesis,
    totals,
    dollarsPerMillionEvents: {
      'per record': totals['per record'] / millions,
      'per sub-record': totals['per sub-record'] / millions,
    },
    athenaScanOfAMonth: scanCost(capacity, sizing),
    bounds: boundsOf(workload, sizing, capacity).filter(
      ({ what }) => kinesis === 'on-demand' || !what.startsWith('a new on-demand'),
    ),
  };
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
