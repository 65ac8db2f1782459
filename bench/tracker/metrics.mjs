const bytes = (number) => number.toLocaleString('en');
const rounded = (digits) => (number) => number.toLocaleString('en', { maximumFractionDigits: digits });
const times = (number) => `${number < 10 ? number.toFixed(1) : Math.round(number)} ×`;
const millis = (number) => (number === 0 ? '< 50' : String(Math.round(number)));

/** Noise of a timed figure on a shared machine: within this share of the best is equal to it. */
const timed = 0.15;

/**
 * A line of the table that is a number of its own, of which less is better.
 * @param {string} row the scenario's id
 * @param {(result: object) => number | undefined} of
 * @param {{ tolerance?: number, complete?: boolean }} options `complete`: a tracker that lost events is not compared, because it is easy
 *   to send little when it is not sent
 */
const less = (group, row, title, of, format, { tolerance = 0, complete = false } = {}) => ({
  group,
  row,
  title,
  of,
  format,
  tolerance,
  complete,
});

const cost = (row, title, of, format) => less('cost', row, title, of, format, { tolerance: timed });

/** The lines besides sizes and deliveries. */
export const metrics = [
  less('network', '503-reload', 'requests in 4 s of 503 with 50 events', (r) => r.requestsWhileDown, bytes, {
    complete: true,
  }),
  less(
    'network',
    'reset-reload',
    'requests in 4 s of reset connections with 50 events',
    (r) => r.requestsWhileDown,
    bytes,
    { complete: true },
  ),
  less('network', 'tabs', 'requests of 4 tabs in 3 s of 503', (r) => r.requestsWhileDown, bytes, { complete: true }),
  less('network', 'outage', undefined, (r) => r.requestsWhileDown, bytes, { complete: true }),
  less('network', 'wire', 'preflights for 200 events to another origin', (r) => r.preflights, bytes),
  less('network', 'wire', 'requests for 200 events in batches of 20', (r) => r.requests, bytes, { complete: true }),
  less('network', 'wire', 'bytes an event, bodies', (r) => r.bodyBytesPerEvent, rounded(0)),
  less('network', 'wire', 'bytes an event, with request heads', (r) => r.wireBytesPerEvent, rounded(0)),
  cost('cost', '`track()` against a bare write, p50', (r) => r.ratio?.p50, times),
  cost('cost', '`track()` against a bare write, p95', (r) => r.ratio?.p95, times),
  cost('cost', '`track()` against a bare write, p99', (r) => r.ratio?.p99, times),
  cost('cost', '`track()`, p50, µs', (r) => r.syncMicros?.p50, rounded(0)),
  cost('cost', '`track()`, p95, µs', (r) => r.syncMicros?.p95, rounded(0)),
  cost('cost', '`track()`, p99, µs', (r) => r.syncMicros?.p99, rounded(0)),
  { ...cost('cost', 'the bare write beside it, p50, µs', (r) => r.bareMicros?.p50, rounded(0)), yardstick: true },
  cost('cost', 'main thread an event, µs', (r) => r.taskMicros, rounded(0)),
  cost('cost-queued', '`track()` against a bare write, p50, 5,000 waiting', (r) => r.ratio?.p50, times),
  cost('cost-queued', '`track()` against a bare write, p99, 5,000 waiting', (r) => r.ratio?.p99, times),
  cost('cost-queued', 'main thread an event, µs, 5,000 waiting', (r) => r.taskMicros, rounded(0)),
  cost('throttled', 'longest task while it loads, ms, CPU ÷ 6', (r) => r.longestLoadMs, millis),
  cost('throttled', 'longest task while it tracks, ms, CPU ÷ 6', (r) => r.longestTrackMs, millis),
];
