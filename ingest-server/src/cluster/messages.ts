import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** A metric of one worker, as prom-client's `getMetricsAsJSON` gives it. */
export type MetricJson = MetricObjectWithValues<MetricValue<string>>;

/** Between a worker and the primary. A `number` ties an answer to its question. */
export type Message =
  /** Worker: somebody asked me for the metrics of all. Primary: here they are, or why not. */
  | { type: 'all-metrics-wanted'; number: number }
  | { type: 'all-metrics'; number: number; text?: string; error?: string }
  /** Primary: your own, please. Worker: here they are, or why not. */
  | { type: 'own-metrics-wanted'; number: number }
  | { type: 'own-metrics'; number: number; metrics?: MetricJson[]; error?: string };

const types = new Set<unknown>(['all-metrics-wanted', 'all-metrics', 'own-metrics-wanted', 'own-metrics']);

/** Other libraries may use the channel, too. */
export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && types.has((value as { type?: unknown }).type);
}
