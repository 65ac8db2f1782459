import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** A metric of one worker, as prom-client's `getMetricsAsJSON` gives it. */
export type MetricJson = MetricObjectWithValues<MetricValue<string>>;

/** Messages between a worker and the primary. A `number` ties an answer to its question. */
export type Message =
  /** A worker asks for the metrics of all; the primary answers, with an error if it cannot. */
  | { type: 'all-metrics-wanted'; number: number }
  | { type: 'all-metrics'; number: number; text?: string; error?: string }
  /** The primary asks for a worker's own metrics; the worker answers, with an error if it cannot. */
  | { type: 'own-metrics-wanted'; number: number }
  | { type: 'own-metrics'; number: number; metrics?: MetricJson[]; error?: string };

const types = new Set<unknown>(['all-metrics-wanted', 'all-metrics', 'own-metrics-wanted', 'own-metrics']);

/** Tells our messages from those of other libraries on the channel. */
export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && types.has((value as { type?: unknown }).type);
}
