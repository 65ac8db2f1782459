// CPU and memory of the audit, beside Node's own gunzip of the same objects: the least that a check of each gzip costs.
//   npm run build && node bench/lake.mjs [EVENTS=1000000] [--rounds N] [--lake FOLDER] [--json FILE]
// The lake is made first, with its ledger and known faults, unless FOLDER has it already. In turn, N times each: gunzip,
// the audit of all, and the audit that reads again only what changed, which is nothing. The least CPU of each counts.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeLake } from './lake/make-lake.mjs';
import { temporaryState } from './processes.mjs';
import { openResult, readOptions } from './result.mjs';
import { round } from './statistics.mjs';

const options = readOptions({ lake: undefined, rounds: '3' }, { positionals: [['events', '1000000']] });
const { state, remove } = temporaryState();
const folder = options.lake ?? join(state, 'lake');
const cache = join(state, 'facts');
const truthFile = `${folder}.truth.json`;
const { say, figure, done } = openResult('The audit of a lake, beside gunzip', options.json);

/** Runs one measurement in a process of its own: its CPU seconds, its most memory and what it printed. */
async function measured(what) {
  const script = fileURLToPath(new URL('lake/measured.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, what, folder, cache], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

const least = (runs) => runs.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));

try {
  if (!existsSync(truthFile)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(truthFile, JSON.stringify(await makeLake(folder, Number(options.events))));
  }
  const truth = JSON.parse(readFileSync(truthFile, 'utf8'));
  say(`${truth.rows} rows in ${truth.objects} objects, ${options.rounds} rounds`);
  const runs = { gunzip: [], first: [], again: [] };
  for (let n = 0; n < Number(options.rounds); n++) {
    rmSync(cache, { recursive: true, force: true });
    for (const what of ['gunzip', 'first', 'again']) runs[what].push(await measured(what));
  }
  const [floor, audit, again] = [least(runs.gunzip), least(runs.first), least(runs.again)];
  const ratio = audit.cpuSeconds / floor.cpuSeconds;
  const part = again.cpuSeconds / audit.cpuSeconds;
  const most = Math.max(...[...runs.first, ...runs.again].map(({ mostBytes }) => mostBytes));
  figure('gunzip in chunks of 128 KB: CPU', `${round(floor.cpuSeconds, 2)} s`);
  figure('audit: CPU', `${round(audit.cpuSeconds, 2)} s`);
  figure('audit: CPU over gunzip', round(ratio, 2), 'at most 3', ratio <= 3);
  figure('audit: time', `${round(audit.seconds, 1)} s`);
  figure('audit: most memory', `${Math.round(most / 1e6)} MB`, 'at most 900 MB', most <= 900e6);
  figure('audit of what did not change: CPU', `${round(again.cpuSeconds, 2)} s`);
  figure('audit of what did not change: part of the first', round(part, 2), 'at most 0.25', part <= 0.25);
  for (const name of ['rows', 'lost_by_us', 'never_acknowledged']) {
    for (const [run, { printed }] of Object.entries({ audit, again })) {
      figure(`${run}: ${name}`, printed[name], `${truth[name]} in truth`, printed[name] === truth[name]);
    }
  }
  done();
} finally {
  remove();
}
