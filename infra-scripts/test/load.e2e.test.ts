import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { disorder, lakeKeys, lakeRows, withoutDuplicates } from './support/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

const events = inForm(2_000, 100_000);
/** Slow enough for the short form to be under way for seconds, so that a kill finds it half way. */
const eventsPerSecond = inForm(700, 12_000);
const name = `${events.toLocaleString('en')} events through HTTP to the lake: none missing, none twice by event_id, every stream in order`;

let box: Sandbox;
beforeEach(() => {
  box = sandbox(diskFolder());
});
afterEach(() => box.remove());

const startAws = (port = '0') => box.serve(['aws', '--port', port], ['aws']);
const startIngest = (port = '0') => box.serve(['ingest', '--port', port], ['ingest']);
const portOf = (url: string) => new URL(url).port;

/** Sends the events; resolves to the ids of what the ingest server acknowledged. */
async function generate(url: string): Promise<string[]> {
  const out = join(box.state, 'sent.jsonl');
  const flags = { to: url, count: events, rate: eventsPerSecond, seed: 7, out };
  const { code, stderr } = await box.run([
    'generate',
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`]),
  ]);
  if (code !== 0) throw new Error(`generate ended with ${code}: ${stderr}`);
  const lines = readFileSync(out, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { event_id: string }).event_id);
}

/** Waits until the lake has every event, then for a while without growth, so that what comes twice is there too. */
async function settledLake(sent: string[]): Promise<Record<string, unknown>[]> {
  let keys = -1;
  return eventually(
    'the lake to hold every event',
    async () => {
      const now = lakeKeys(box.state).length;
      if (now !== keys) {
        keys = now;
        await sleep(inForm(1_500, 3_000));
        return undefined;
      }
      const rows = lakeRows(box.state);
      const ids = new Set(rows.map((row) => row.event_id));
      return sent.every((id) => ids.has(id)) ? rows : undefined;
    },
    150_000,
  );
}

/** None missing, none twice after removal of duplicates by `event_id`, every visitor's events in `seq` order within their stream. */
async function expectWholeLake(sent: string[]): Promise<{ twice: number }> {
  expect(new Set(sent).size).toBe(events);
  const rows = await settledLake(sent);
  const unique = withoutDuplicates(rows);
  expect(unique).toHaveLength(events);
  expect(disorder(unique)).toEqual([]);
  expect(lakeKeys(box.state).filter((key) => key.startsWith('errors/'))).toEqual([]);
  return { twice: rows.length - unique.length };
}

describe(name + leavesOut('2,000 of 100,000 events'), () => {
  test('when nothing fails, not one comes twice', async () => {
    await startAws();
    const ingest = await startIngest();
    expect(await expectWholeLake(await generate(ingest.url('ingest')))).toEqual({ twice: 0 });
    const audit = await box.run(['audit', '--json']);
    expect(audit).toMatchObject({ code: 0, stderr: '' });
  }, 240_000);

  test('when the ingest server is killed with kill -9 half way and started again', async () => {
    await startAws();
    const first = await startIngest();
    const url = first.url('ingest');
    const sending = generate(url);
    await eventually('half of the events to be under way', () => lakeRows(box.state).length > events / 3, 120_000);
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    await startIngest(portOf(url));
    // What was under way then is told by what the stream got last; without that it is hundreds.
    expect((await expectWholeLake(await sending)).twice).toBeLessThanOrEqual(events / 1_000);
  }, 240_000);

  test('when the embedded AWS, the delivery worker in it, is killed with kill -9 half way and started again', async () => {
    const first = await startAws();
    const ingest = await startIngest();
    const sending = generate(ingest.url('ingest'));
    await eventually('half of the events to be under way', () => lakeRows(box.state).length > events / 3, 120_000);
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    await startAws(portOf(first.url('aws')));
    await expectWholeLake(await sending);
  }, 240_000);
});
