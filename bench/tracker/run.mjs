// Trackers side by side: the same page, faults and collector for seven published SDKs and for ours.
// usage: node bench/tracker [--only ID,…] [--rows ID,… [--merge]] [--outage-seconds 120] [--list] [--again] [--json FILE]
// The cost of track() alone: node bench/tracker --only millrace --rows cost,cost-queued,throttled
// Without --only and --rows it writes docs/trackers.md, else it prints the table. It installs what it compares with into its own folder, talks
// to 127.0.0.1 only, and takes about an hour. The figures are kept in .build/trackers.json, after each cell; --again writes the table from
// there, --merge takes the rows that are measured, of all trackers, into the figures of the last whole run, and the table says so.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openResult } from '../result.mjs';
import { median } from '../statistics.mjs';
import { chromiumVersion } from './browser.mjs';
import { bundle } from './bundle.mjs';
import { onStage } from './cell.mjs';
import { install } from './install.mjs';
import { floor } from './peers/floor.mjs';
import { peers } from './peers/index.mjs';
import { report } from './report.mjs';
import { scenarios } from './scenarios/index.mjs';
import { trackCost } from './track-cost.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rows: { type: 'string' },
    'outage-seconds': { type: 'string', default: '120' },
    list: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    merge: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

/** Those of `all` whose ids are named, or all. A name that is none is an error. */
function chosen(all, names, what) {
  if (names === undefined) return all;
  return names.split(',').map((id) => {
    const one = all.find((candidate) => candidate.id === id);
    if (!one) throw new Error(`no ${what} ${id}; there are ${all.map((known) => known.id).join(', ')}`);
    return one;
  });
}

const all = scenarios({ outageSeconds: Number(values['outage-seconds']) });
if (values.list) {
  for (const { id, name } of peers) console.log(`${id.padEnd(16)} ${name}`);
  for (const { id, title } of all) console.log(`${id.padEnd(16)} ${title}`);
  process.exit();
}
const figures = here('../../.build/trackers.json');
const docs = here('../../docs/trackers.md');
if (values.again) {
  const { about, results } = JSON.parse(readFileSync(figures, 'utf8'));
  if (about.partial) throw new Error('the last run was a partial one; run it whole to write docs/trackers.md');
  writeFileSync(docs, report(about, results));
  process.exit();
}
const last = values.merge ? JSON.parse(readFileSync(figures, 'utf8')) : undefined;
if (last?.about.partial) throw new Error('the last run was a partial one: there is nothing whole to merge into');
if (last && (values.only !== undefined || values.rows === undefined))
  throw new Error('--merge wants --rows and all trackers, so that what is compared is of one run');
const trackers = chosen(peers, values.only, 'tracker');
const rows = chosen(all, values.rows, 'row');

const dependencies = install();

const version = (peer) =>
  peer.ours
    ? JSON.parse(readFileSync(here('../../sdk/package.json'), 'utf8')).version
    : (dependencies[peer.package] ?? '');

const began = Date.now();
const bundles = new Map();
for (const peer of [...trackers, floor]) bundles.set(peer.id, await bundle(peer));

/** results[tracker][row] */
const results = Object.fromEntries([...trackers, floor].map(({ id }) => [id, {}]));

const about = {
  partial: values.only !== undefined || values.rows !== undefined,
  ended: false,
  date: new Date(began).toISOString().slice(0, 10),
  command: ['node bench/tracker', ...process.argv.slice(2)].join(' '),
  chromium: await chromiumVersion(),
  trackers: trackers.map((peer) => ({ ...peer, version: version(peer), size: bundles.get(peer.id).size })),
  rows: rows.map(({ id, title, repeats }) => ({ id, title, repeats })),
};

/** After each cell, so that a run that is broken off keeps what it has. */
function keep() {
  about.load = {
    average: Math.max(about.load?.average ?? 0, Math.round(loadavg()[1])),
    processors: availableParallelism(),
  };
  about.minutes = Math.round((Date.now() - began) / 60_000);
  // Merged in the end, so that a run that is broken off spoils nothing.
  if (!last) write(about, results);
}

function write(about, results) {
  mkdirSync(here('../../.build'), { recursive: true });
  writeFileSync(figures, `${JSON.stringify({ about, results }, null, 2)}\n`);
}

/** The last whole run with the rows of this one in their places. */
function merged() {
  const { rows, date, minutes, load, trackers } = about;
  const again = [...(last.about.again ?? []), { rows: rows.map(({ id }) => id), date, minutes, load }];
  for (const [id, cells] of Object.entries(results)) last.results[id] = { ...last.results[id], ...cells };
  return { about: { ...last.about, trackers, again }, results: last.results };
}

async function play(peer, row) {
  const runs = [];
  for (let n = 0; n < (row.repeats ?? 1); n++)
    runs.push(await onStage(peer, bundles.get(peer.id), row.limitMs, row.play));
  results[peer.id][row.id] = runs.length === 1 ? runs[0] : added(runs, row.medians);
  keep();
  const { tracked, got, duplicates, failed } = results[peer.id][row.id];
  console.error(
    `${((Date.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${row.id.padEnd(14)} ${peer.id.padEnd(16)} ${failed ?? `${got} of ${tracked}, ${duplicates} twice`}`,
  );
}

/** Several plays of one scenario as one result: what is counted as a sum, what `medians` names as a median. */
function added(runs, medians = []) {
  const sum = (field) => runs.reduce((total, run) => total + (run[field] ?? 0), 0);
  return {
    ...runs[0],
    ...Object.fromEntries(medians.map((field) => [field, median(runs.flatMap((run) => run[field] ?? []))])),
    tracked: sum('tracked'),
    got: sum('got'),
    duplicates: sum('duplicates'),
    thrown: sum('thrown'),
    errors: [...new Set(runs.flatMap(({ errors }) => errors))],
    strayed: [...new Set(runs.flatMap(({ strayed }) => strayed))],
    failed: runs.find(({ failed }) => failed)?.failed,
  };
}

/** Runs the jobs, at most `width` at once, in order. */
async function inParallel(jobs, width) {
  const queue = [...jobs];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let job = queue.shift(); job; job = queue.shift()) await job();
    }),
  );
}

const jobs = (list) => list.flatMap((row) => trackers.map((peer) => () => play(peer, row)));
// What only waits goes beside each other, what counts events three at a time, what is timed alone.
await inParallel(jobs(rows.filter(({ id }) => id === 'outage')), trackers.length);
await inParallel(jobs(rows.filter(({ id, alone }) => id !== 'outage' && !alone)), 3);
for (const row of rows.filter(({ alone }) => alone)) {
  if (row.id !== 'cost-queued') await play(floor, row);
  for (const peer of trackers) await play(peer, row);
}

about.ended = true;
keep();
if (last) {
  const whole = merged();
  write(whole.about, whole.results);
  writeFileSync(docs, report(whole.about, whole.results));
} else if (about.partial) console.log(report(about, results));
else writeFileSync(docs, report(about, results));

const { cost, 'cost-queued': queued, throttled } = results.millrace ?? {};
if (cost ?? queued ?? throttled) {
  const result = openResult(
    'track() in the page, against a bare localStorage.setItem of about the same bytes',
    values.json,
  );
  trackCost(result.figure, { cost, queued, throttled });
  result.done();
}
