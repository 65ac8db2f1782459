// CPU and memory of the audit, beside Node's own gunzip of the same objects: the least that a check of each gzip costs.
//   npm run build && node bench/lake.mjs [EVENTS=1000000] [--lake FOLDER] [--json FILE]
// The lake is made first, with its ledger and known faults, unless FOLDER has it already.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeLake } from './lake/make-lake.mjs';
import { temporaryState } from './processes.mjs';
import { openResult, readOptions } from './result.mjs';
import { round } from './statistics.mjs';

const options = readOptions({ lake: undefined }, { positionals: [['events', '1000000']] });
const { state, remove } = temporaryState();
const folder = options.lake ?? join(state, 'lake');
const truthFile = `${folder}.truth.json`;
const { say, figure, done } = openResult('The audit of a lake, beside gunzip', options.json);

/** Runs one measurement in a process of its own: its CPU seconds, its most memory and what it printed. */
async function measured(what) {
  const script = fileURLToPath(new URL('lake/measured.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, what, folder], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

try {
  if (!existsSync(truthFile)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(truthFile, JSON.stringify(await makeLake(folder, Number(options.events))));
  }
  const truth = JSON.parse(readFileSync(truthFile, 'utf8'));
  say(`${truth.rows} rows in ${truth.objects} objects`);
  const floor = await measured('gunzip');
  figure('gunzip in chunks of 128 KB: CPU', `${round(floor.cpuSeconds, 2)} s`);
  const audit = await measured('audit');
  const ratio = audit.cpuSeconds / floor.cpuSeconds;
  figure('audit: CPU', `${round(audit.cpuSeconds, 2)} s`);
  figure('audit: CPU over gunzip', round(ratio, 2), 'at most 3', ratio <= 3);
  figure('audit: time', `${round(audit.seconds, 1)} s`);
  figure('audit: most memory', `${Math.round(audit.mostBytes / 1e6)} MB`, 'at most 900 MB', audit.mostBytes <= 900e6);
  for (const name of ['rows', 'lost_by_us', 'never_acknowledged']) {
    figure(`audit: ${name}`, audit.printed[name], `${truth[name]} in truth`, audit.printed[name] === truth[name]);
  }
  done();
} finally {
  remove();
}
