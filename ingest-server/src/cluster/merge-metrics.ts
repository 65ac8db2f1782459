import { AggregatorRegistry, Gauge } from 'prom-client';
import type { MetricJson } from './messages.js';

/** What `/metrics` says for several workers, from those that said theirs. */
export function mergeMetrics(own: MetricJson[][], workers: number): Promise<string> {
  const registry = AggregatorRegistry.aggregate(own);
  new Gauge({
    name: 'millrace_workers_missing',
    help: 'Workers whose metrics are not in this answer: they are starting, or did not say theirs in time.',
    registers: [registry],
  }).set(workers - own.length);
  return registry.metrics();
}
