/**
 * What the embedded services measure, as CloudWatch keeps it: for each series a summary a minute. In memory, for the
 * last hours: a restart begins anew. No I/O.
 */
export interface MetricStore {
  add(metric: Metric, unit: Unit, value: number): void;
  /** Those that have a value in what is kept, by name. */
  list(): Series[];
  /**
   * Summaries of whole periods from `fromMs` (counted) to `toMs` (not counted), oldest first; periods without a value
   * are left out.
   */
  periods(metric: Metric, fromMs: number, toMs: number, periodMs: number): Period[];
}

/** A metric by its name and dimensions. */
export interface Metric {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

/** CloudWatch's name of a unit. */
export type Unit = 'Count' | 'Bytes' | 'Bytes/Second' | 'Milliseconds' | 'Seconds';

/** The values of one period, summed up. */
export interface Summary {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** A summary with the time that it begins at. */
export interface Period extends Summary {
  startMs: number;
}

/** All that is kept of one metric. */
export interface Series {
  metric: Metric;
  unit: Unit;
  /** Since the start of the process. */
  total: Summary;
  last: number;
}

const minuteMs = 60_000;
/** CloudWatch keeps minutes for 15 days. */
const keptMinutes = 3 * 60;

interface Kept extends Series {
  /** By minute since 1970. */
  minutes: Map<number, Summary>;
}

/** An empty store. @param now gives milliseconds since 1970 */
export function createMetricStore(now: () => number = Date.now): MetricStore {
  const series = new Map<string, Kept>();

  return {
    add(metric, unit, value) {
      const key = keyOf(metric);
      let kept = series.get(key);
      if (!kept) {
        kept = { metric, unit, total: empty(), last: value, minutes: new Map() };
        series.set(key, kept);
      }
      const minute = Math.floor(now() / minuteMs);
      let summary = kept.minutes.get(minute);
      if (!summary) {
        summary = empty();
        kept.minutes.set(minute, summary);
        for (const old of kept.minutes.keys()) if (old <= minute - keptMinutes) kept.minutes.delete(old);
      }
      include(summary, value);
      include(kept.total, value);
      kept.last = value;
    },

    list: () => [...series.values()].sort((a, b) => (keyOf(a.metric) < keyOf(b.metric) ? -1 : 1)),

    periods(metric, fromMs, toMs, periodMs) {
      const found = new Map<number, Period>();
      for (const [minute, summary] of series.get(keyOf(metric))?.minutes ?? []) {
        const atMs = minute * minuteMs;
        // A period begins on a whole one since 1970, as CloudWatch's do.
        const startMs = Math.floor(atMs / periodMs) * periodMs;
        if (startMs < fromMs || startMs >= toMs) continue;
        const period = found.get(startMs);
        if (period) merge(period, summary);
        else found.set(startMs, { startMs, ...summary });
      }
      return [...found.values()].sort((a, b) => a.startMs - b.startMs);
    },
  };
}

const empty = (): Summary => ({ count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY });

function include(summary: Summary, value: number): void {
  merge(summary, { count: 1, sum: value, min: value, max: value });
}

function merge(summary: Summary, { count, sum, min, max }: Summary): void {
  summary.count += count;
  summary.sum += sum;
  if (min < summary.min) summary.min = min;
  if (max > summary.max) summary.max = max;
}

const keyOf = ({ namespace, name, dimensions }: Metric) =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
