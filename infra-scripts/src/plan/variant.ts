import { type Bound, boundsOf } from './bounds.js';
import { type Capacity, capacityOf } from './capacity.js';
import { type Costs, costsOf, type FiveKilobyteReading, type Kinesis, scanCost, total } from './cost.js';
import type { Packing } from './packing.js';
import { secondsPerMonth } from './prices.js';
import type { Sizing, Workload } from './workload.js';

/** What one way of putting events into records takes and costs. */
export interface Variant {
  capacity: Capacity;
  /** Dollars a month. */
  costs: Costs;
  /** The cheaper kind of stream, by the more expensive reading of the 5 KB. */
  kinesis: Kinesis;
  totals: Record<FiveKilobyteReading, number>;
  dollarsPerMillionEvents: Record<FiveKilobyteReading, number>;
  athenaScanOfAMonth: number;
  /** What has an end, the nearest first. */
  bounds: Bound[];
}

/** Pure arithmetic. */
export function variantOf(workload: Workload, sizing: Sizing, packing: Packing): Variant {
  const capacity = capacityOf(workload, sizing, packing);
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
