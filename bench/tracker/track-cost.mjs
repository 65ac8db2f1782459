import { round } from '../statistics.mjs';

/** What our track() costs, as figures: of the rows `cost`, `cost-queued` and `throttled` those that were run. */
export function trackCost(figure, { cost, queued, throttled }) {
  const compared = (what, { ratio, syncMicros, bareMicros }) => {
    for (const part of ['p50', 'p95', 'p99']) {
      figure(`${what}: over a bare write, ${part}`, round(ratio[part], 1));
      figure(`${what}: track(), bare write, ${part}, µs`, `${round(syncMicros[part])}, ${round(bareMicros[part])}`);
    }
  };
  if (cost?.single) compared('one call a task', cost.single);
  if (cost?.ratio) compared('ten calls a task', cost);
  if (cost?.ratio) figure('stored before the task ends', cost.stored ? 'yes' : 'no', 'yes', cost.stored);
  if (queued?.ratio) compared(`ten calls a task, ${queued.filled} events waiting`, queued);
  if (throttled) figure('longest task while tracking, CPU ÷ 6, ms (0: none over 50)', round(throttled.longestTrackMs));
}
