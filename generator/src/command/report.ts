import type { CarrySummary } from '../sending/carry.js';
import type { Log, Refused } from '../sending/sink.js';
import type { Progress } from '../sending/tally.js';

const number = (value: number) => Math.round(value).toLocaleString('en-US');

const events = (count: number) => `${number(count)} ${count === 1 ? 'event' : 'events'}`;
const was = (count: number) => (count === 1 ? 'was' : 'were');

/** With a decimal below 100, so that a trickle is not 0. */
function rate(progress: Progress): string {
  const perSecond = progress.seconds > 0 ? progress.acknowledged / progress.seconds : 0;
  return `${perSecond >= 100 ? number(perSecond) : perSecond.toFixed(1)} events/s`;
}

/** Progress in one line. `total`: how many events there will be, when that is known. */
export function progressLine(progress: Progress, total?: number): string {
  const { acknowledged, refused, made, latencyMs } = progress;
  const settled = acknowledged + refused;
  const width = 24;
  const filled = total === undefined ? 0 : Math.min(width, Math.floor((settled / Math.max(1, total)) * width));
  const bar = total === undefined ? '' : `[${'█'.repeat(filled)}${'·'.repeat(width - filled)}] `;
  const parts = [
    `${bar}${number(acknowledged)}${total === undefined ? '' : ` of ${number(total)}`} acknowledged`,
    rate(progress),
    `${number(made - settled)} in flight`,
  ];
  if (latencyMs) parts.push(`p95 ${number(latencyMs.p95)} ms`);
  if (refused > 0) parts.push(`${number(refused)} refused`);
  return parts.join(' · ');
}

/** The totals for people. */
export function summaryText(summary: CarrySummary, target: string, expected?: number): string {
  const { acknowledged, refused, unacknowledged, retries, latencyMs, heldBackMs } = summary;
  const lines = [
    `${events(acknowledged)} acknowledged by ${target} in ${summary.seconds.toFixed(1)} s (${rate(summary)})`,
  ];
  if (latencyMs) {
    lines.push(
      `from event to answer: half within ${latencyMs.p50} ms, 95 % within ${latencyMs.p95} ms, the slowest ${latencyMs.max} ms`,
    );
  }
  if (retries > 0) lines.push(`${number(retries)} ${retries === 1 ? 'retry' : 'retries'}`);
  if (heldBackMs > 0) lines.push(`${(heldBackMs / 1000).toFixed(1)} s behind the rate, waiting for answers`);
  if (refused > 0) lines.push(`${events(refused)} ${was(refused)} refused`);
  if (unacknowledged > 0) lines.push(`${events(unacknowledged)} ${was(unacknowledged)} not acknowledged`);
  if (summary.interrupted) {
    lines.push(
      `interrupted after ${number(acknowledged)}${expected === undefined ? '' : ` of ${number(expected)}`} events`,
    );
  }
  return lines.join('\n');
}

/**
 * The totals for machines: one JSON object. Durations in `…_ms` and `seconds`. `expected` is null when nobody knew how
 * many events there would be; `done` is how many of them were acknowledged.
 */
export function summaryJson(summary: CarrySummary, expected?: number, extra: Record<string, unknown> = {}): string {
  const { latencyMs } = summary;
  return JSON.stringify({
    interrupted: summary.interrupted,
    expected: expected ?? null,
    done: summary.acknowledged,
    made: summary.made,
    acknowledged: summary.acknowledged,
    refused: summary.refused,
    unacknowledged: summary.unacknowledged,
    requests: summary.requests,
    retries: summary.retries,
    held_back_ms: summary.heldBackMs,
    seconds: Math.round(summary.seconds * 1000) / 1000,
    events_per_second: Math.round(summary.acknowledged / Math.max(summary.seconds, 0.001)),
    ...(latencyMs && { latency_ms: latencyMs }),
    ...extra,
    ...(summary.failure && { error: summary.failure.message }),
  });
}

/** Logs the first `most` refusals, a line each: more would only scroll the terminal. */
export function createRefusalLog(log: Log, most = 10): (refused: Refused) => void {
  let refusals = 0;
  return ({ event, reason }) => {
    refusals += 1;
    if (refusals <= most)
      log(`refused: event ${event.event_id} (${event.event}, stream ${event.stream_id} #${event.seq}): ${reason}`);
    if (refusals === most + 1) log('refused: more events, which are counted but not listed');
  };
}
