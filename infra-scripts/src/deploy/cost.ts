import { definePipeline } from '../pipeline/definition.js';
import { dollars } from '../plan/figures.js';
import type { Plan } from '../plan/plan.js';
import { hoursPerMonth, prices } from '../plan/prices.js';
import type { Deployment } from './deployment.js';
import { pricedType } from './expected-plan.js';

const mostServers = ({ size, parameters }: Deployment) => (size === 'trial' ? 1 : Number(parameters.MaxServers ?? 6));

/**
 * `About $230 a month at 100 events/s, …`: by the same arithmetic as `millrace plan`, with the more
 * expensive reading of the 5 KB.
 */
export function costText(deployment: Deployment, plan: Plan): string {
  const { shards } = definePipeline(deployment.settings).settings;
  const { type, pricedAs } = pricedType(deployment);
  const { costs, capacity, totals, kinesis } = plan[plan.spread];
  const cheapest = kinesis === 'provisioned' ? costs.kinesisProvisioned : costs.kinesisOnDemand;
  const stream =
    shards === 'on-demand'
      ? costs.kinesisOnDemand
      : costs.kinesisProvisioned + (shards - capacity.shards) * hoursPerMonth * prices.kinesisShardHour.dollars;
  const sum = totals['per sub-record'] - cheapest + stream;
  const unpriced = type === pricedAs ? '' : ` (${type} is priced as ${pricedAs})`;
  const needs = [
    ...(shards !== 'on-demand' && shards < capacity.shards ? [`${capacity.shards} shards`] : []),
    ...(capacity.servers > mostServers(deployment) ? [`${capacity.servers} servers (--max-servers)`] : []),
  ];
  const few = needs.length === 0 ? '' : ` That rate needs ${needs.join(' and ')}.`;
  const standing = dollars(costs.servers + costs.loadBalancer + costs.cloudWatch + stream);
  return (
    `About ${dollars(sum)} a month at ${plan.workload.eventsPerSecond} events/s${unpriced}: ${standing} of it for shards, servers, load balancer and alarms, ` +
    `the rest for events. Prices of ${prices.asOf}, us-east-1; see millrace plan for more.${few}`
  );
}
