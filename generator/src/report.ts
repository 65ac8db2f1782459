import type { CarrySummary, Progress } from './carry.js';
import type { Refused } from './sink.js';

const number = (value: number) => Math.round(value).toLocaleString('en-US');

const events = (count: number) => `${number(count)} ${count === 1 ? 'event' : 'events'}`;
const was = (count: number) => (count === 1 ? 'was' : 'were');

/** A rate that says something at a trickle, too. */
function rate(progress: Progress): string {
  const perSecond = progress.seconds > 0 ? progress.acknowledged / progress.seconds : 0;
  return `${perSecond >= 100 ? number(perSecond) : perSecond.toFixed(1)} events/s`;
}

/** One line that is drawn over itself on a terminal; `total` when the end is known. */
export function progressLine(progress: Progress, total?: number): string {
  const { acknowledged, refused, made, latencyMs } = progress;
  const settled = acknowledged + refused;
  const width = 24;
  const filled = total === undefined ? 0 : Math.min(width, Math.floor((settled / Math.max(1, total)) * width));
  const bar = total === undefined ? '' : `[${'█'.repeat(filled)}${'·'.repeat(width - filled)}] `;
  const parts = [
    `${bar}${number(acknowledged)}${total === undefined ? '' : ` of ${number(total)}`} acknowledged`,
    rate(progress),
    `${number(made - settled)} on the way`,
  ];
  if (latencyMs) parts.push(`p95 ${number(latencyMs.p95)} ms`);
  if (refused > 0) parts.push(`${number(refused)} refused`);
  return parts.join(' · ');
}

/** The totals as people read them. */
export function summaryText(summary: CarrySummary, target: string): string {
  const { acknowledged, refused, unacknowledged, retries, latencyMs, heldBackMs } = summary;
  const lines = [
    `${events(acknowledged)} acknowledged by ${target} in ${summary.seconds.toFixed(1)} s (${rate(summary)})`,
  ];
  if (latencyMs) {
    lines.push(
      `from event to answer: half within ${latencyMs.p50} ms, 95 % within ${latencyMs.p95} ms, the slowest ${latencyMs.max} ms`,
    );
  }
  if (retries > 0) lines.push(`${number(retries)} ${retries === 1 ? 'attempt was' : 'attempts were'} repeated`);
  if (heldBackMs > 0)
    lines.push(`the rate was not kept: ${(heldBackMs / 1000).toFixed(1)} s behind, waiting for answers`);
  if (refused > 0) lines.push(`${events(refused)} ${was(refused)} refused`);
  if (unacknowledged > 0) lines.push(`${events(unacknowledged)} ${was(unacknowledged)} not acknowledged`);
  return lines.join('\n');
}

/** The totals for machines: one JSON object. Durations in `…_ms` and `seconds`. */
export function summaryJson(summary: CarrySummary, extra: Record<string, unknown> = {}): string {
  const { latencyMs } = summary;
  return JSON.stringify({
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

/** Tells the first few refusals, one line each; more of them would only scroll the terminal. */
export function createRefusalTeller(say: (line: string) => void, most = 10): (refused: Refused) => void {
  let told = 0;
  return ({ event, reason }) => {
    told += 1;
    if (told <= most)
      say(`refused: event ${event.event_id} (${event.event}, stream ${event.stream_id} #${event.seq}): ${reason}`);
    if (told === most + 1) say('refused: more events, which are only counted from here on');
  };
}
