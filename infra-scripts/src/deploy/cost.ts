import { definePipeline } from '../pipeline/definition.js';
import { defaultSizing } from '../plan/default-sizing.js';
import { dollars } from '../plan/figures.js';
import { makePlan } from '../plan/plan.js';
import { hoursPerMonth, type InstanceType, prices } from '../plan/prices.js';
import { workloadOf } from '../plan/traffic.js';
import type { Deployment } from './deployment.js';

/**
 * `About $230 a month at 100 events/s, …`: by the same arithmetic as `millrace plan`, with the more
 * expensive reading of the 5 KB.
 */
export function costText({ size, settings, parameters }: Deployment, eventsPerSecond: number): string {
  const pipeline = definePipeline(settings);
  const { catalogue, shards } = pipeline.settings;
  const balanced = size === 'standard';
  const type = parameters.InstanceType ?? (balanced ? 'c6i.large' : 't3.micro');
  const isPriced = type in prices.instanceHour;
  const plan = makePlan(
    workloadOf({
      eventsPerSecond,
      pages: catalogue.pages.length,
      events: catalogue.events.length,
      datePartition: pipeline.settings.datePartition,
    }),
    {
      ...defaultSizing(balanced),
      servers: balanced ? Number(parameters.MinServers ?? 2) : 1,
      instanceType: (isPriced ? type : 'c6i.large') as InstanceType,
      retentionHours: pipeline.settings.retentionHours,
      bufferSizeMiB: pipeline.settings.bufferSizeMiB,
      bufferIntervalSeconds: pipeline.settings.bufferIntervalSeconds,
      ...(parameters.SpoolGiB === undefined ? {} : { spoolBytes: Number(parameters.SpoolGiB) * 2 ** 30 }),
    },
  );
  const { costs, capacity, totals, kinesis } = plan.packed;
  const cheapest = kinesis === 'provisioned' ? costs.kinesisProvisioned : costs.kinesisOnDemand;
  const stream =
    shards === 'on-demand'
      ? costs.kinesisOnDemand
      : costs.kinesisProvisioned + (shards - capacity.shards) * hoursPerMonth * prices.kinesisShardHour.dollars;
  const sum = totals['per sub-record'] - cheapest + stream;
  const unpriced = isPriced ? '' : ` (${type} is priced as c6i.large)`;
  const few = shards !== 'on-demand' && shards < capacity.shards ? ` That rate needs ${capacity.shards} shards.` : '';
  const standing = dollars(costs.servers + costs.loadBalancer + costs.cloudWatch + stream);
  return (
    `About ${dollars(sum)} a month at ${eventsPerSecond} events/s${unpriced}: ${standing} of it for shards, servers, load balancer and alarms, ` +
    `the rest for events. Prices of ${prices.asOf}, us-east-1; see millrace plan for more.${few}`
  );
}
