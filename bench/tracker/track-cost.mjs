import { round } from '../statistics.mjs';

/** What our track() costs, as figures: of the rows `cost`, `cost-queued` and `throttled` those that were run. */
export function trackCost(figure, { cost, queued, throttled }) {
  const compared = (what, { ratio, syncMicros, bareMicros }, limits = {}) => {
    for (const part of ['p50', 'p95', 'p99']) {
      const limit = limits[part];
      figure(
        `${what}: over a bare write, ${part}`,
        round(ratio[part], 1),
        ...(limit === undefined ? [] : [`<= ${limit}`, ratio[part] <= limit]),
      );
      figure(`${what}: track(), bare write, ${part}, µs`, `${round(syncMicros[part])}, ${round(bareMicros[part])}`);
    }
  };
  // The one measure with limits: a click is one call. Of ten in a task the first pays for the caches that the rest before it has cost.
  if (cost?.single) compared('one call a task', cost.single, { p50: 2.5, p99: 3 });
  if (cost?.ratio) compared('ten calls a task', cost);
  if (cost?.ratio) figure('stored before the task ends', cost.stored ? 'yes' : 'no', 'yes', cost.stored);
  if (queued?.ratio) compared(`ten calls a task, ${queued.filled} events waiting`, queued);
  if (throttled) figure('longest task while tracking, CPU ÷ 6, ms (0: none over 50)', round(throttled.longestTrackMs));
}
