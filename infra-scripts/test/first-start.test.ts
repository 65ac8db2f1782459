import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import { event } from '@millrace/testing/lake-fixture';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { openStateFolder } from '../src/state/state-folder.js';
import { type Sandbox, sandbox } from './support/millrace.js';

const preload = new URL('./support/kill-at-change.js', import.meta.url).href;
const dev = ['dev', '--no-traffic', '--port', '0', '--ingest-port', '0', '--aws-port', '0', '--time-scale', '600'];

let cleanUp: () => Promise<void> | void = () => {};
afterEach(() => cleanUp());

describe('a state folder', () => {
  test('is made whole: of one that was half made the next start makes a whole one, at every byte', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-state-'));
    cleanUp = () => rmSync(folder, { recursive: true });
    const file = join(folder, 'state.json');
    openStateFolder(folder);
    const whole = readFileSync(file, 'utf8');
    expect(readdirSync(folder)).toEqual(['state.json']);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.slice(0, length));
      openStateFolder(folder);
      expect(readFileSync(file, 'utf8')).toBe(whole);
    }
    for (const other of ['{"millrace_state_version":2}\n', '[]', 'mine', whole.replace('1', '11')]) {
      writeFileSync(file, other);
      expect(() => openStateFolder(folder)).toThrow(/state\.json/);
      expect(readFileSync(file, 'utf8')).toBe(other);
    }
  });

  test.each(
    inForm(
      [11],
      Array.from({ length: 30 }, (_, at) => at + 1),
    ),
  )(
    `of a first start that was killed at its change %s the next start runs, and delivers${leavesOut('1 of 30')}`,
    async (killAt) => {
      const box: Sandbox = sandbox(diskFolder());
      cleanUp = box.remove;
      const killed = await box.begin(dev, {
        env: { NODE_OPTIONS: `--import ${preload}`, MILLRACE_TEST_KILL_AT: String(killAt) },
      });
      expect((await killed.ended).code).toBe('SIGKILL');
      const served = await box.serve(dev, ['aws', 'ingest', 'store']);
      const { received_at: _, occurred_at: __, ...sent } = event();
      const body = JSON.stringify(sent);
      const answer = await fetch(`${served.url('ingest')}/v1/events?key=demo`, { method: 'POST', body });
      expect(await answer.json()).toMatchObject({ accepted: 1 });
      await eventually('the event in the lake', () =>
        readdirSync(join(box.state, 's3/millrace-lake')).includes('page=books'),
      );
      expect(await served.end('SIGTERM')).toBe(0);
    },
  );
});
