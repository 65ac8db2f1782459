import { definePipeline } from '../pipeline/definition.js';
import { serversFor } from '../plan/capacity.js';
import { defaultSizing } from '../plan/default-sizing.js';
import { makePlan, type Plan } from '../plan/plan.js';
import { type InstanceType, prices } from '../plan/prices.js';
import { workloadOf } from '../plan/traffic.js';
import type { Spread } from '../plan/workload.js';
import type { Deployment } from './deployment.js';

/** The servers' type, and the one whose price stands for it. */
export function pricedType({ size, parameters }: Deployment): { type: string; pricedAs: InstanceType } {
  const type = parameters.InstanceType ?? (size === 'standard' ? 'c6i.large' : 't3.micro');
  return { type, pricedAs: (type in prices.instanceHour ? type : 'c6i.large') as InstanceType };
}

/** What `millrace plan` says of a deployment at a rate. */
export function expectedPlan(deployment: Deployment, eventsPerSecond: number): Promise<Plan> {
  const { size, settings, parameters } = deployment;
  const pipeline = definePipeline(settings).settings;
  const workload = workloadOf({
    eventsPerSecond,
    pages: pipeline.catalogue.pages.length,
    events: pipeline.catalogue.events.length,
    datePartition: pipeline.datePartition,
  });
  const standard = defaultSizing(size === 'standard');
  return makePlan(workload, {
    ...standard,
    // The group grows with the traffic.
    servers: standard.balanced ? Math.max(Number(parameters.MinServers ?? 2), serversFor(workload, standard)) : 1,
    instanceType: pricedType(deployment).pricedAs,
    spread: parameters.Spread as Spread | undefined,
    lingerMs: Number(parameters.LingerMs ?? standard.lingerMs),
    retentionHours: pipeline.retentionHours,
    bufferSizeMiB: pipeline.bufferSizeMiB,
    bufferIntervalSeconds: pipeline.bufferIntervalSeconds,
    ...(parameters.SpoolGiB === undefined ? {} : { spoolBytes: Number(parameters.SpoolGiB) * 2 ** 30 }),
  });
}
