import { AggregatorRegistry, Gauge } from 'prom-client';
import type { MetricJson } from './messages.js';

/** A worker's metrics, each series with the worker's slot as a label. */
const labelled = (worker: number, metrics: MetricJson[]): MetricJson[] =>
  metrics.map((metric) => ({
    ...metric,
    values: metric.values.map((value) => ({ ...value, labels: { worker, ...value.labels } })),
  }));

/**
 * The text of `/metrics` for several workers, from those that answered, by slot. Not one sum: the counters of a
 * restarted worker begin at 0, and a sum that falls by its share looks to Prometheus as if all had begun anew.
 */
export function mergeMetrics(own: ReadonlyMap<number, MetricJson[]>, workers: number): Promise<string> {
  // No two have a series in common, so nothing is added up.
  const bySlot = [...own].sort(([a], [b]) => a - b);
  const registry = AggregatorRegistry.aggregate(bySlot.map(([slot, metrics]) => labelled(slot, metrics)));
  new Gauge({
    name: 'millrace_workers_missing',
    help: 'Workers whose metrics are not in this answer: they are starting, or did not answer in time.',
    registers: [registry],
  }).set(workers - own.size);
  return registry.metrics();
}
