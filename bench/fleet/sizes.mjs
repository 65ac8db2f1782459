// Fleets as `millrace plan` sizes them, and what a month of their records costs.
import { defaultSizing } from '../../infra-scripts/dist/src/plan/default-sizing.js';
import { makePlan } from '../../infra-scripts/dist/src/plan/plan.js';
import { prices, secondsPerMonth } from '../../infra-scripts/dist/src/plan/prices.js';
import { workloadOf } from '../../infra-scripts/dist/src/plan/traffic.js';

/** Servers and shards for this mean rate, with full records; the peak, which they are for, is twice the mean. */
export function fleetFor(eventsPerSecond, eventBytes) {
  const plan = makePlan(workloadOf({ eventsPerSecond, eventBytes }), defaultSizing());
  const { servers, shards } = plan.full.capacity;
  return { eventsPerSecond, servers, shards, full: plan.full };
}

const unitDollars = (unitsPerSecond) => unitsPerSecond * secondsPerMonth * prices.kinesisPutUnit.dollars;

/** A month's Firehose ingest: its price falls with the volume. */
function ingestDollars(bytesPerSecond) {
  const GB = (bytesPerSecond * secondsPerMonth) / 2 ** 30;
  let [dollars, from] = [0, 0];
  for (const tier of prices.firehoseIngest) {
    dollars += Math.max(0, Math.min(GB, tier.upToGB) - from) * tier.dollars;
    from = tier.upToGB;
  }
  return dollars;
}

/**
 * Dollars a month for records as the fleet made them, scaled to the mean rate, and all of the pipeline's over what it
 * costs with full records. Only payload units and Firehose's 5 KB steps differ.
 */
export function billOf({ eventsPerSecond, full }, taken) {
  const perSecond = (sum) => (sum / taken.events) * eventsPerSecond;
  const fullUnits = unitDollars(full.capacity.recordsPerSecond * Math.ceil(full.capacity.recordBytes / 25_000));
  const kinesis = full.costs.kinesisProvisioned - fullUnits + unitDollars(perSecond(taken.payloadUnits));
  const firehose = ingestDollars(perSecond(taken.firehoseBytes));
  const fullTotal = full.totals['per record'];
  const total =
    fullTotal - full.costs.kinesisProvisioned - full.costs.firehoseIngest['per record'] + kinesis + firehose;
  return { kinesis, firehose, total, overFull: total / fullTotal };
}
