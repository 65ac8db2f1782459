import { delivered, deliveryCell, deliveryTitles } from './delivery.mjs';
import { judged } from './judge.mjs';
import { metrics } from './metrics.mjs';

const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, lines, left = 1) =>
  [row(head), row(head.map((_, n) => (n < left ? '---' : '---:'))), ...lines.map(row)].join('\n');

const number = (value) => value.toLocaleString('en');

const sizeLines = (trackers) =>
  ['min', 'gzip', 'brotli'].map((kind) =>
    judged(
      { min: 'minified', gzip: 'gzip 9', brotli: 'Brotli 11' }[kind],
      trackers,
      trackers.map(({ size }) => size[kind]),
      { format: number, tolerance: 0, eligible: (tracker) => !tracker.queueless },
    ),
  );

/** Deliveries: more got is better, then fewer copies. */
function deliveryLine({ id, title, repeats }, trackers, results) {
  const of = trackers.map((tracker) => results[tracker.id][id]);
  const scores = of.map((result) => (result ? delivered(result) : undefined));
  const best = Math.max(...scores.filter((score) => score !== undefined));
  const name = repeats ? `${title} (${repeats} times)` : title;
  const ours = trackers.findIndex((tracker) => tracker.ours);
  const leader = scores.indexOf(best);
  return {
    line: [name, ...of.map((result, n) => deliveryCell(result, scores[n] === best))],
    worse:
      ours >= 0 && scores[ours] !== undefined && scores[ours] < best
        ? `${name}: ours ${deliveryCell(of[ours])}, ${trackers[leader].name} ${deliveryCell(of[leader])}`
        : undefined,
  };
}

/** What a page takes without a tracker is no tracker's: the main thread's time for an event, and the longest task while it loads, are less that. */
function withoutThePage(results, trackers) {
  const floor = results.floor?.cost?.taskMs ?? 0;
  const loading = results.floor?.throttled?.longestLoadMs ?? 0;
  for (const { id } of trackers) {
    for (const name of ['cost', 'cost-queued']) {
      const result = results[id][name];
      if (result?.taskMs !== undefined) result.taskMicros = Math.max(0, (result.taskMs - floor) * 1_000);
    }
    const { throttled } = results[id];
    if (throttled?.longestLoadMs !== undefined) throttled.loadMoreMs = Math.max(0, throttled.longestLoadMs - loading);
  }
}

/**
 * A tracker that sends nothing while the page is left repeats nothing either, but it has lost the visitor who does not come back: so a row
 * tells what was there before that.
 */
const leftWithPage = (rows, trackers, results) =>
  rows
    .filter(({ id }) => id.startsWith('navigate-'))
    .map(({ id, title }) =>
      judged(
        `of the ${title.split(' ')[0]}: there before the visitor comes back`,
        trackers,
        trackers.map((tracker) => results[tracker.id][id]?.gotBeforeReturn),
        { format: number, tolerance: 0, more: true },
      ),
    );

function thrownLine(trackers, results) {
  const count = trackers.map(({ id }) => Object.values(results[id]).reduce((sum, { thrown = 0 }) => sum + thrown, 0));
  return judged('errors that reached the page, all lines together', trackers, count, { format: number, tolerance: 0 });
}

const deliveries = new Set([
  'navigate-30',
  'navigate-300',
  '503-reload',
  'reset-reload',
  'hang-crash',
  'sigkill-503',
  'sigkill-ok',
  'tabs',
  'storage-full',
  'outage',
  'cost-queued',
  'offline-page',
  'changed-built-ins',
  'text-proxy',
  'wrapped-fetch',
  'clobbered-names',
]);

/** What went wrong, a line each: cells that did not end, errors that reached the page, hosts that a tracker tried to reach. */
function complaints(trackers, results) {
  const failures = [...trackers, { id: 'floor', name: 'nothing' }].flatMap(({ id, name }) =>
    Object.entries(results[id] ?? {}).flatMap(([line, { failed }]) => (failed ? [`${name}, ${line}: ${failed}`] : [])),
  );
  const errors = trackers.flatMap(({ id, name }) => {
    const said = [...new Set(Object.values(results[id]).flatMap((result) => result.errors ?? []))];
    return said.length > 0
      ? [
          `${name}: ${said
            .slice(0, 3)
            .map((text) => `\`${text.slice(0, 120).replaceAll('`', "'")}\``)
            .join(', ')}`,
        ]
      : [];
  });
  const strayed = trackers.flatMap(({ id, name }) => {
    const hosts = [...new Set(Object.values(results[id]).flatMap((result) => result.strayed ?? []))];
    return hosts.length > 0 ? [`${name}: ${hosts.join(', ')}`] : [];
  });
  return { failures, errors, strayed };
}

/** docs/trackers.md as text, from what was measured. */
export function report(about, results) {
  const { trackers, rows } = about;
  withoutThePage(results, trackers);
  const head = ['', ...trackers.map(({ name }) => name)];
  const size = sizeLines(trackers);
  const delivery = [
    ...rows
      .filter(({ id }) => deliveries.has(id))
      .map((one) => deliveryLine({ ...one, title: deliveryTitles[one.id] ?? one.title }, trackers, results)),
    ...leftWithPage(rows, trackers, results),
    thrownLine(trackers, results),
  ];
  const lines = (group) =>
    metrics
      .filter((metric) => metric.group === group && rows.some(({ id }) => id === metric.row))
      .map(({ row: id, title, of, format, tolerance, counts, yardstick }) =>
        judged(
          title ?? rows.find((one) => one.id === id).title,
          trackers,
          trackers.map((tracker) => of(results[tracker.id][id] ?? {})),
          { format, tolerance, yardstick, eligible: (tracker) => counts(results[tracker.id][id] ?? {}) },
        ),
      );
  const network = lines('network');
  const cost = lines('cost');
  const all = [...size, ...delivery, ...network, ...cost];
  const worse = all.flatMap((one) => one.worse ?? []);
  const besides = all.flatMap((one) => one.besides ?? []);
  const { failures, errors, strayed } = complaints(trackers, results);
  const bare = results[trackers[0].id].cost?.bareMicros;
  const list = (items, none) => (items.length > 0 ? items.map((item) => `- ${item}`).join('\n') : none);
  const section = (title, body) => (body ? [`## ${title}`, '', body, ''] : []);

  return [
    '# Trackers side by side',
    '',
    `Seven published SDKs and ours, through the same page, the same faults and the same collector in one run: \`${about.command}\` on ${about.date}, Chromium ${about.chromium}, ${about.minutes} minutes. The run writes this page.${busy(about)}${anew(about)}${about.ended === false ? ' It was broken off: cells without a figure were not reached.' : ''}`,
    '',
    'Each tracker is configured for its best delivery, as its own documentation says.',
    '',
    'Bold marks the best of a row, and what equals it (timed figures: within 15 %). A cell is one run unless its row says otherwise: it shows a mechanism, not a distribution.',
    '',
    table(
      ['tracker', 'package', 'configuration'],
      trackers.map((one) => [
        one.name,
        one.ours ? `\`sdk/dist/millrace.js\` ${one.version}` : `\`${one.package}\` ${one.version}`,
        one.configuration,
      ]),
      3,
    ),
    '',
    ...section(
      'Where ours is not the best',
      `${list(worse, 'None of the rows that are judged: ours is the best of each, or equals it.')}${besides.length > 0 ? `\n\nThese figures are better than ours and are not compared, for the reasons under the tables (no queue, nothing stored by then, events lost, late first try):\n\n${list(besides)}` : ''}`,
    ),
    ...section(
      'Size, bytes',
      `${table(
        head,
        size.map(({ line }) => line),
      )}\n\nOurs is the file that ships. A peer is its set-up and one call, bundled and minified by esbuild (ES2020). Plausible has no queue, so it is not compared.`,
    ),
    ...section(
      'Delivery',
      `${table(
        head,
        delivery.map(({ line }) => line),
      )}\n\nEach cell has the events that the collector took, of those tracked; "+ n twice" are copies that it took besides. A page that is left never sees the answer to its last request, so a tracker that loses nothing repeats that request. The copies are counted on the wire, before anything removes them by event id. A tracker that forgets what it has handed to the browser repeats nothing, and loses it when the server fails (the 503 and reset rows).`,
    ),
    ...section(
      'Network',
      network.length > 0 &&
        `${table(
          head,
          network.map(({ line }) => line),
        )}\n\nThe page and the collector have different origins; the browser keeps preflights for two hours. The rows of requests compare only trackers that lost nothing there, and the row of batches only those whose batches came in time, because a tracker that waits longer sends less often. The three rows of 30 s are not judged: they mostly show how long a tracker waits before its first try.`,
    ),
    ...section(
      'Cost in the page',
      cost.length > 0 &&
        `${table(
          head,
          cost.map(({ line }) => line),
        )}\n\n${bare ? `A bare write is a \`localStorage.setItem\` of about 430 characters under its own key, timed beside each call in turns. Here it took ${bare.p50.toFixed(0)} µs at p50 and ${bare.p99.toFixed(0)} µs at p99. ` : ''}Each event has ten properties. Ten calls run in a task, then the page rests for 20 ms; figures are medians of three rounds of 500. "Main thread" is Chromium's TaskDuration, in processor time, over 500 events and the four seconds after them, less that of the page without a tracker. The longest tasks are medians of three runs. A call of \`track()\` is timed with its microtasks, because some trackers work there. Its rows compare only trackers whose events are in the browser's storage by then: a tracker that keeps them in memory is faster, and loses them when the page ends. A bare write takes longer beside a tracker that keeps the storage busy, so compare the microseconds too.${idleTasks(results)}`,
    ),
    ...section('What reached the page as an error', list(errors, rows.length > 0 && 'Nothing, from none.')),
    ...section('What did not finish', list(failures, 'Everything finished.')),
    ...section(
      'What a tracker tried to reach elsewhere',
      list(strayed, 'Nothing. The browser could resolve no name but 127.0.0.1.'),
    ),
    ...section('How', how),
  ].join('\n');
}

const idleTasks = ({ floor }) =>
  floor?.throttled
    ? ` Without a tracker the page's longest tasks were ${Math.round(floor.throttled.longestLoadMs)} ms while it loads, which is subtracted, and ${Math.round(floor.throttled.longestTrackMs)} ms while it tracks.`
    : '';

/** Rows that were measured once more, all trackers together. */
const anew = ({ again = [], rows }) =>
  again
    .map(({ rows: ids, date, minutes }) => {
      const titles = rows.filter(({ id }) => ids.includes(id)).map(({ title }) => `"${title}"`);
      return ` These rows were measured again, for all trackers in one run, on ${date} (${minutes} minutes), because ours had changed: ${titles.join(', ')}.`;
    })
    .join('');

/** Timed lines of a machine that was busy with other things say little, and that has to stand beside them. */
const busy = ({ load }) =>
  load && load.average > 2 * load.processors
    ? ` The machine was busy with other things (a load of ${load.average} on ${load.processors} processors): its timed rows, above all p99 and the longest tasks, say nothing and need a run on a quiet machine.`
    : '';

const how = `Each cell has a collector, a site and a Chromium with a fresh profile of its own, on 127.0.0.1. An event carries a marker in a property; the collector unpacks bodies (gzip, Base64, form encoding) and counts markers in requests that it answered with success. It answers as each tracker's server does, after 25 ms, and always serves a tracker's configuration. It fails as the rows say: 503 without \`Retry-After\`, a broken connection, no answer. When the visitor is back, the page tracks one more event. Then the collector waits up to 45 s for what is missing (75 s after a crash), and 15 s for copies.

The code is in [\`bench/tracker\`](../bench/tracker): \`peers/\` has each tracker's set-up and its server's answers, \`scenarios/\` has the kinds of rows. \`--list\` names them; \`--only\` and \`--rows\` run some of them and print the result.`;
