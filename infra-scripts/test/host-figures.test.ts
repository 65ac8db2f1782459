import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const deploy = fileURLToPath(new URL('../../deploy', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-figures-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What `script` prints on a host whose server says `metrics` at /metrics. */
function run(script: string, metrics: string[]) {
  const command = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  writeFileSync(join(folder, 'metrics'), `${metrics.join('\n')}\n`);
  command('curl', `cat ${folder}/metrics`);
  command('aws', 'printf "%s\\n" "$@"');
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    MILLRACE_PORT: '8080',
    MILLRACE_STACK: 'millrace',
    METRIC_NAMESPACE: 'Millrace',
  };
  return execFileSync('bash', ['-c', script], { env, encoding: 'utf8' }).trim();
}

/** The function of drain.sh that tells how many events Kinesis does not have yet. */
const held = (metrics: string[]) => run(`. <(sed -n '/^held()/,/^}/p' ${deploy}/drain.sh); held`, metrics);

const ofOne = ['millrace_spool_events 3', 'millrace_queued_events 4', 'millrace_spool_events_not 100'];

test('a server that leaves holds what is in its spool and in memory', () => {
  expect(held(ofOne)).toBe('7');
  expect(held([...ofOne, 'millrace_workers_missing 0'])).toBe('7');
});

test('of several workers what a host tells CloudWatch is the sum, and that Kinesis takes events only when it does from each', () => {
  const told = (metrics: string[]) => run(`. ${deploy}/metrics.sh`, metrics).match(/(?<=Unit=\w+,Value=)[^,]*/g);
  // A figure that is missing costs none of the others.
  expect(told(['millrace_spool_bytes 10', 'millrace_spool_events 3', 'millrace_kinesis_up 1'])).toEqual([
    '10',
    '3',
    '1',
  ]);
  const ofTwo = [1, 2].flatMap((worker) => [
    `millrace_spool_bytes{worker="${worker}"} 3000000000`,
    `millrace_spool_events{worker="${worker}"} 3`,
    `millrace_queued_events{worker="${worker}"} 4`,
    `millrace_spool_set_aside_bytes{worker="${worker}"} 50`,
    `millrace_kinesis_up{worker="${worker}"} ${worker - 1}`,
  ]);
  expect(told(ofTwo)).toEqual(['6000000000', '6', '100', '0']);
  expect(held(ofTwo)).toBe('14');
});

test('what a server holds is not known while one of its workers does not say, or while it says nothing', () => {
  expect(held(['millrace_spool_events 0', 'millrace_queued_events 0', 'millrace_workers_missing 1'])).toBe('');
  expect(held([])).toBe('');
});
