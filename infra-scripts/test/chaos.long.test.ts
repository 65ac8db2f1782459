import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRandom, type Random } from '@millrace/kit/seeded-random';
import type { AuditReport } from '@millrace/lake';
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import { disorder, lakeKeys, lakeRows, withoutDuplicates } from './support/lake.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';

/** Other seeds make other faults at other moments; the moments themselves depend on the machine. */
const seed = process.env.MILLRACE_CHAOS_SEED ?? '1';
const seconds = Number(process.env.MILLRACE_CHAOS_SECONDS ?? 120);

let box: Sandbox;
beforeEach(() => {
  box = sandbox(diskFolder());
});
afterEach(() => box.remove());

const portOf = (url: string) => new URL(url).port;
const seen = new Set<string>();

/** A server that faults happen to. */
interface Victim {
  name: 'aws' | 'ingest' | 'dev';
  start(): Promise<Served>;
  args: string[];
  /** Whether it may be halted for a while, as a machine that is overloaded. */
  halts: boolean;
}

/** Hurts one server again and again until `over`, and leaves it running. */
async function torment(victim: Victim, running: Served, random: Random, over: () => boolean): Promise<string[]> {
  const done: string[] = [];
  let server = running;
  const pause = (from: number, to: number) => sleep(random.integer(from, to));
  for (;;) {
    await pause(500, 8_000);
    if (over()) return done;
    if (victim.halts && random.chance(0.35)) {
      const ms = random.integer(500, 9_000);
      done.push(`halt ${ms}`);
      process.kill(server.pid, 'SIGSTOP');
      await sleep(ms);
      process.kill(server.pid, 'SIGCONT');
      continue;
    }
    const signal = random.chance(0.6) ? 'SIGKILL' : 'SIGTERM';
    done.push(signal);
    await server.end(signal);
    await pause(0, 5_000);
    while (random.chance(0.3)) {
      const ms = random.integer(50, 1_500);
      done.push(`kill while starting ${ms}`);
      await box.killWhileStarting(victim.args, ms);
    }
    server = await victim.start();
  }
}

const flags = (options: Record<string, string | number>) =>
  Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);

/** The lake once it has every acknowledged event and no longer grows, so that what comes twice is there too. */
async function settledLake(ids: string[]): Promise<Record<string, unknown>[]> {
  let keys = -1;
  return eventually(
    'the lake to hold every acknowledged event',
    async () => {
      const now = lakeKeys(box.state).length;
      if (now !== keys) {
        keys = now;
        await sleep(4_000);
        return undefined;
      }
      const rows = lakeRows(box.state);
      const there = new Set(rows.map((row) => row.event_id));
      const missing = ids.filter((id) => !there.has(id));
      seen.clear();
      for (const id of missing) seen.add(id);
      return missing.length === 0 ? rows : undefined;
    },
    120_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${seen.size} missing, such as ${[...seen].slice(0, 3)}`);
  });
}

async function acknowledgedEvents(out: string): Promise<string[]> {
  const lines = readFileSync(out, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { event_id: string }).event_id);
}

/** Everything acknowledged is in the lake, in order; and the audit, which sees the lake alone, says the same, and counts the copies right. */
async function expectWholeLake(ids: string[]): Promise<Record<string, number>> {
  expect(new Set(ids).size).toBe(ids.length);
  const rows = await settledLake(ids);
  const unique = withoutDuplicates(rows);
  expect(disorder(unique)).toEqual([]);
  expect(lakeKeys(box.state).filter((key) => key.startsWith('errors/'))).toEqual([]);
  const { code, stdout } = await box.run(['audit', '--json']);
  const report = JSON.parse(stdout) as AuditReport;
  expect(report).toMatchObject({
    ok: true,
    rows: rows.length,
    events: unique.length,
    missing: 0,
    lost_by_us: 0,
    verdict: 'complete',
    duplicates: { rows: rows.length - unique.length, across_partitions: 0 },
    out_of_order: 0,
    conflicts: 0,
  });
  expect(code).toBe(0);
  return { acknowledged: ids.length, rows: rows.length, twice: rows.length - unique.length };
}

async function load(url: string): Promise<string[]> {
  const out = join(box.state, 'sent.jsonl');
  const options = { to: url, rate: 800, duration: seconds, seed, out, 'give-up-after': 100 };
  const { code, stderr } = await box.run(['generate', ...flags(options)]);
  if (code !== 0) throw new Error(`generate ended with ${code}: ${stderr}`);
  return acknowledgedEvents(out);
}

describe('no acknowledged event is lost, none out of order, and the audit says so', () => {
  test(
    'while ingest server and embedded AWS are killed, stopped, halted and started again at random moments',
    async () => {
      const random = createRandom(`chaos ${seed}`);
      const firstAws = await box.serve(['aws', '--port', '0'], ['aws']);
      const awsUrl = firstAws.url('aws');
      const awsArgs = ['aws', '--port', portOf(awsUrl)];
      const env = { AWS_ENDPOINT_URL: awsUrl };
      const firstIngest = await box.serve(['ingest', '--port', '0'], ['ingest'], env);
      const url = firstIngest.url('ingest');
      const ingestArgs = ['ingest', '--port', portOf(url)];
      let isOver = false;
      const over = () => isOver;
      const sending = load(url).finally(() => {
        isOver = true;
      });
      const faults = await Promise.all([
        torment(
          { name: 'aws', args: awsArgs, halts: true, start: () => box.serve(awsArgs, ['aws']) },
          firstAws,
          createRandom(`aws ${random.bits()}`),
          over,
        ),
        torment(
          { name: 'ingest', args: ingestArgs, halts: false, start: () => box.serve(ingestArgs, ['ingest'], env) },
          firstIngest,
          createRandom(`ingest ${random.bits()}`),
          over,
        ),
      ]);
      const found = await expectWholeLake(await sending);
      console.log(
        `seed ${seed}: ${JSON.stringify(found)}; aws: ${faults[0].join(', ')}; ingest: ${faults[1].join(', ')}`,
      );
    },
    (seconds + 300) * 1000,
  );

  test(
    'while everything runs in one process, which is killed at random moments',
    async () => {
      const ports = flags({ port: 0, 'aws-port': 0, 'ingest-port': 0 });
      const parts = ['aws', 'ingest', 'store'] as const;
      const first = await box.serve(['dev', '--no-traffic', ...ports], [...parts]);
      const url = first.url('ingest');
      const args = [
        'dev',
        '--no-traffic',
        ...flags({
          port: portOf(first.url('store')),
          'aws-port': portOf(first.url('aws')),
          'ingest-port': portOf(url),
        }),
      ];
      let isOver = false;
      const sending = load(url).finally(() => {
        isOver = true;
      });
      const faults = await torment(
        { name: 'dev', args, halts: true, start: () => box.serve(args, [...parts]) },
        first,
        createRandom(`dev ${seed}`),
        () => isOver,
      );
      const found = await expectWholeLake(await sending);
      console.log(`seed ${seed}: ${JSON.stringify(found)}; dev: ${faults.join(', ')}`);
    },
    (seconds + 300) * 1000,
  );
});
