import { utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { lakeRows } from './support/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.remove());

const clockModule = pathToFileURL(createRequire(import.meta.url).resolve('@millrace/testing/set-clock')).href;
const hour = 3_600_000;

function setClock(file: string, offsetMs: number) {
  writeFileSync(file, '');
  const seconds = (2 ** 40 + offsetMs) / 1000;
  utimesSync(file, seconds, seconds);
}

const send = async (url: string, seed: string) => {
  const { code, stderr } = await box.run(['generate', '--to', url, '--count', '200', '--rate', 'max', '--seed', seed]);
  if (code !== 0) throw new Error(stderr);
};

test('a clock that is set back, by an hour or to before the pipeline was made, loses no event and halts no delivery', async () => {
  const clock = join(box.state, 'clock');
  setClock(clock, 0);
  const env = { NODE_OPTIONS: `--import=${clockModule}`, MILLRACE_TEST_CLOCK: clock };
  const args = ['dev', '--no-traffic', '--port', '0', '--aws-port', '0', '--ingest-port', '0'];
  const dev = await box.serve(args, ['aws', 'ingest', 'store'], env);
  const url = dev.url('ingest');
  await send(url, '1');
  // By then what was sent is in open buffers, which wait for two seconds.
  await sleep(700);
  setClock(clock, -hour);
  await eventually('the events from before the clock was set back', () => lakeRows(box.state).length >= 200);
  await send(url, '2');
  await eventually('the events from after it', () => lakeRows(box.state).length >= 400);
  expect(await dev.end('SIGTERM')).toBe(0);

  setClock(clock, -30 * 24 * hour);
  const again = await box.serve(args, ['aws', 'ingest', 'store'], env);
  await send(again.url('ingest'), '3');
  const rows = await eventually('the events from after a start with a wrong clock', () => {
    const found = lakeRows(box.state);
    return found.length >= 600 ? found : undefined;
  });
  expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(600);
}, 240_000);
