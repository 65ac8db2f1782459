import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { event } from '@millrace/testing/lake-fixture';
import { leaveSpool } from './support/left-spool.js';
import { type Sandbox, sandbox } from './support/millrace.js';
import { startStreamStub } from './support/stream-stub.js';

let box: Sandbox;
let folder: string;
beforeAll(() => {
  box = sandbox();
  folder = join(box.state, 'spool');
});
afterAll(() => box.remove());

const sent = (seq: number) => {
  const { received_at: _, occurred_at: __, ...rest } = event({ seq, visitor_id: `visitor-${seq % 7}` });
  return rest;
};

test('a drain that is killed and run again puts every event, with its ledger; ls tells what is there before and after', async () => {
  // More than one record has.
  const batches = Array.from({ length: 12 }, (_, at) => Array.from({ length: 100 }, (_, seq) => sent(at * 100 + seq)));
  await leaveSpool(folder, batches);
  const segment = join(folder, '00000001.spool');
  const bytes = readFileSync(segment);
  const hurt = bytes.indexOf('"event_id"', bytes.length / 2) + 3;
  bytes[hurt]! ^= 2;
  writeFileSync(segment, bytes);
  const listed = async () => JSON.parse((await box.run(['spool', 'ls', folder, '--json'])).stdout);
  const before = await listed();
  expect(before).toMatchObject({ in_use_by: null, segments: 1, damaged: [{ file: '00000001.spool', cause: 'data' }] });
  expect(before.events + before.damaged[0].readable).toBe(1_200);
  expect((await box.run(['spool', 'ls', folder])).stdout).toMatch(
    /not yet in the stream; the oldest is of .* UTC\.\n\n.*cause/s,
  );

  const first = await startStreamStub((call) => (call === 0 ? 'take' : 'hang'));
  const args = (url: string) => ['spool', 'drain', folder, '--endpoint-url', url, '--json'];
  const killed = await box.begin(args(first.url));
  await eventually('a second put', () => first.puts() > 1);
  expect(await listed()).toMatchObject({ in_use_by: expect.any(Number) });
  expect(await box.run(args(first.url))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('in use by process'),
  });
  killed.kill('SIGKILL');
  expect((await killed.ended).code).toBe('SIGKILL');
  first.close();

  const second = await startStreamStub();
  const ended = await box.run(args(second.url));
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({ interrupted: false, left: 0, unreadable_pieces: 0, failure: null });
  second.close();
  const all = [...first.lines, ...second.lines];
  const ids = new Set(all.map(({ event_id }) => event_id).filter(Boolean));
  expect(ids.size).toBe(1_200);
  expect(all.filter(({ page }) => page === '_ledger').length).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
  expect((await box.run(['spool', 'ls', folder])).code).toBe(4);
});

test('what the folder is not is told: the state folder above it, a file, a stream that is not there', async () => {
  await leaveSpool(folder, [[sent(1)]]);
  const above = await box.run(['spool', 'ls', box.state]);
  expect(above).toMatchObject({ code: 4, stderr: expect.stringContaining(`The spool may be ${folder}`) });
  const file = await box.run(['spool', 'drain', join(folder, readdirSync(folder)[0]!)]);
  expect(file).toMatchObject({ code: 2, stderr: expect.stringContaining('the spool is a folder') });
  const stub = await startStreamStub();
  const nowhere = await box.run(['spool', 'drain', folder, '--endpoint-url', stub.url, '--stream', 'nowhere']);
  stub.close();
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('ResourceNotFoundException') });
  expect(nowhere.stderr).not.toMatch(/\n\s+at /);
});
