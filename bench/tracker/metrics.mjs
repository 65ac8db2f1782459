import { lostNothing } from './delivery.mjs';
import { batches } from './scenarios/network.mjs';

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
 * @param {{ tolerance?: number, counts?: (result: object) => boolean }} options `counts`: whose figure is compared; the others' are shown
 */
const less = (group, row, title, of, format, { tolerance = 0, counts = () => true } = {}) => ({
  group,
  row,
  title,
  of,
  format,
  tolerance,
  counts,
});

/** It is easy to send little when it is not sent. */
const requests = (row, title) =>
  less('network', row, title, (r) => r.requestsWhileDown, bytes, { counts: lostNothing });

/** Half a minute says mostly how long a tracker waits before it tries at all, which is no merit: shown, not judged. */
const firstTries = (row, title) =>
  less('network', row, title, (r) => r.requestsWhileDown, bytes, { counts: () => false });

const cost = (row, title, of, format, counts) => less('cost', row, title, of, format, { tolerance: timed, counts });

/** It is easy to return at once when nothing is safe by then. */
const isStored = ({ stored }) => stored === true;
const call = (row, title, of, format) => cost(row, title, of, format, isStored);

/** The lines besides sizes and deliveries. */
export const metrics = [
  firstTries('503-reload', 'requests in 30 s of 503 with 50 events'),
  firstTries('reset-reload', 'requests in 30 s of reset connections with 50 events'),
  firstTries('tabs', 'requests of 4 tabs in 30 s of 503'),
  requests('outage'),
  less('network', 'wire', 'preflights for 200 events to another origin', (r) => r.preflights, bytes),
  less('network', 'wire', 'batches of 20, of 10, that were not there within 12 s', (r) => batches - r.inTime, bytes),
  // A tracker that waits for more events needs fewer requests.
  less('network', 'wire', 'requests for 200 events in batches of 20', (r) => r.requests, bytes, {
    counts: (r) => lostNothing(r) && r.inTime === batches,
  }),
  less('network', 'wire', 'bytes an event, bodies', (r) => r.bodyBytesPerEvent, rounded(0)),
  less('network', 'wire', 'bytes an event, with request heads', (r) => r.wireBytesPerEvent, rounded(0)),
  call('cost', '`track()` against a bare write, p50', (r) => r.ratio?.p50, times),
  call('cost', '`track()` against a bare write, p95', (r) => r.ratio?.p95, times),
  call('cost', '`track()` against a bare write, p99', (r) => r.ratio?.p99, times),
  call('cost', '`track()`, p50, µs', (r) => r.syncMicros?.p50, rounded(0)),
  call('cost', '`track()`, p95, µs', (r) => r.syncMicros?.p95, rounded(0)),
  call('cost', '`track()`, p99, µs', (r) => r.syncMicros?.p99, rounded(0)),
  less(
    'cost',
    'cost',
    'stored before the task of `track()` ends',
    (r) => (r.stored === undefined ? undefined : r.stored ? 0 : 1),
    (n) => (n ? 'no' : 'yes'),
  ),
  { ...cost('cost', 'the bare write beside it, p50, µs', (r) => r.bareMicros?.p50, rounded(0)), yardstick: true },
  cost('cost', 'main thread an event, µs', (r) => r.taskMicros, rounded(0)),
  call('cost-queued', '`track()` against a bare write, p50, 5,000 waiting', (r) => r.ratio?.p50, times),
  call('cost-queued', '`track()` against a bare write, p99, 5,000 waiting', (r) => r.ratio?.p99, times),
  cost('cost-queued', 'main thread an event, µs, 5,000 waiting', (r) => r.taskMicros, rounded(0)),
  cost('throttled', 'longest task while it loads, ms beyond the page’s own, CPU ÷ 6', (r) => r.loadMoreMs, rounded(0)),
  cost('throttled', 'longest task while it tracks, ms, CPU ÷ 6', (r) => r.longestTrackMs, millis),
];
