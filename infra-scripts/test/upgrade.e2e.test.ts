import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { diskFolder } from '@millrace/testing/disk-folder';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import type { BrowserContext, Page } from 'playwright-core';
import { disorder, lakeRows, withoutDuplicates } from './support/lake.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';
import { type Storefront, startStorefront } from './support/storefront.js';

/** What 0.1.0 left behind; the README there says what each is. */
const fixture = fileURLToPath(new URL('../../test/upgrade-0.1.0', import.meta.url));
/** When it did, a little later: Kinesis would drop the undelivered records a day after. */
const soonAfterMs = 1_796_002_500_000;
const require = createRequire(import.meta.url);
const anyPorts = ['--port', '0', '--ingest-port', '0', '--aws-port', '0'];

function copyOfState(state: string): void {
  cpSync(join(fixture, 'state'), state, { recursive: true });
  const objects = join(state, 's3');
  for (const entry of readdirSync(objects, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), 1_796_002_400, 1_796_002_400);
}

/** Makes a process believe that it is soon after 0.1.0 ended. */
function clockOfThen(state: string): NodeJS.ProcessEnv {
  const clock = join(state, 'clock');
  writeFileSync(clock, '');
  const seconds = (2 ** 40 + soonAfterMs - Date.now()) / 1000;
  utimesSync(clock, seconds, seconds);
  const module = pathToFileURL(require.resolve('@millrace/testing/set-clock')).href;
  return { NODE_OPTIONS: `--import=${module}`, MILLRACE_TEST_CLOCK: clock };
}

const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const seqsOf = (rows: Record<string, unknown>[], stream: string) =>
  rows
    .filter(({ stream_id }) => stream_id === stream)
    .map(({ seq }) => Number(seq))
    .sort((a, b) => a - b);

describe('a state folder of 0.1.0', () => {
  let box: Sandbox;
  beforeEach(() => {
    box = sandbox(diskFolder());
    copyOfState(box.state);
  });
  afterEach(() => box.remove());

  test('is a lake that query, ls and audit read as before', async () => {
    const query = async (sql: string) => JSON.parse((await box.run(['query', '--json', sql])).stdout || 'null');
    expect(
      await query(`select count(*) as n, count(distinct event_id) as ids, max(page_as_sent) as page, max(event_as_sent) as event,
        count(*) filter (where page='books' and event='clicked_review') as reviews from events`),
    ).toEqual({ n: 33, ids: 33, page: 'garden', event: 'viewed_shelf', reviews: 2 });
    const { code, stdout } = await box.run(['audit', '--json']);
    expect({ code, audit: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      audit: { ok: true, missing: 0, duplicates: { rows: 0 }, damaged: [] },
    });
    const listed = (await box.run(['ls', '--json'])).stdout.trim().split('\n');
    expect(listed.map((line) => JSON.parse(line).events).reduce((a, b) => a + b)).toBeGreaterThanOrEqual(33);
  });

  test('goes on: what was acknowledged and not yet delivered comes, from stream, Direct PUT and spool, once and in order', async () => {
    const served = await box.serve(
      ['dev', '--no-traffic', ...anyPorts],
      ['aws', 'ingest', 'store'],
      clockOfThen(box.state),
    );
    const rows = await eventually('all events of 0.1.0', () => {
      const found = lakeRows(box.state);
      const whole = seqsOf(withoutDuplicates(found), 't1').length === 25 && seqsOf(found, 't2').length >= 15;
      return whole && seqsOf(found, 't5').length >= 15 && seqsOf(found, 't6').length >= 10 ? found : undefined;
    });
    expect(seqsOf(rows, 't1')).toEqual(count(0, 25));
    expect(seqsOf(rows, 't2')).toEqual(count(0, 15));
    expect(seqsOf(rows, 't5')).toEqual(count(0, 15));
    expect(seqsOf(rows, 't6')).toEqual(count(0, 10));
    expect(disorder(rows)).toEqual([]);

    const s3 = new S3Client({
      endpoint: served.url('aws'),
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const text = async (Key: string) =>
      (await s3.send(new GetObjectCommand({ Bucket: 'other', Key }))).Body!.transformToString();
    expect(await s3.send(new HeadObjectCommand({ Bucket: 'other', Key: 'x' }))).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { colour: 'red' },
      ETag: '"f97c5d29941bfb1b2fdab0874906ab82"',
    });
    expect([await text('x'), await text('x/y z')]).toEqual(['one', 'two']);
    const direct = () =>
      readdirSync(join(box.state, 's3/other'), { recursive: true, encoding: 'utf8' }).filter((key) =>
        /^direct[\\/].*direct-1-/.test(key),
      );
    const [key] = await eventually('the Direct PUT records', () => (direct().length > 0 ? direct() : undefined));
    expect(readFileSync(join(box.state, 's3/other', key!), 'utf8')).toBe(
      ['direct 1\n', 'direct 2\n', 'direct 3\n'].map((text) => btoa(text)).join(''),
    );
    s3.destroy();
    expect(await served.end('SIGTERM')).toBe(0);
  });
});

/** The ingest server of 0.1.0 as a process, with its spool in `folder`, in front of an AWS endpoint. */
async function startOldServer(
  folder: string,
  awsUrl: string,
): Promise<{ url: string; end(signal: NodeJS.Signals): Promise<void> }> {
  const program = join(folder, 'ingest-server-0.1.0.mjs');
  writeFileSync(program, brotliDecompressSync(readFileSync(join(fixture, 'ingest-server.mjs.br'))));
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', program], {
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: awsUrl,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      MILLRACE_PORT: '0',
      MILLRACE_STREAM: 'clickstream',
      MILLRACE_WRITE_KEYS: 'demo',
      MILLRACE_ORIGINS: '*',
      MILLRACE_SPOOL_FOLDER: join(folder, 'spool'),
      MILLRACE_CLIENT_SCRIPT: join(fixture, 'millrace.js'),
      MILLRACE_DRAIN_MS: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => {
      const found = /"message":"listening","url":"([^"]+)"/.exec(line)?.[1];
      if (found) resolve(found);
    });
    child.on('exit', (code) => reject(new Error(`the server of 0.1.0 ended with ${code}`)));
  });
  return {
    url,
    async end(signal) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

describe('beside an ingest server of 0.1.0', () => {
  let box: Sandbox;
  let folder: string;
  beforeEach(() => {
    box = sandbox(diskFolder());
    folder = mkdtempSync(join(tmpdir(), 'millrace-upgrade-'));
  });
  afterEach(async () => {
    await box.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('after a step back to 0.1.0 it drains the spool that today’s server left, in order', async () => {
    const spool = join(folder, 'spool');
    mkdirSync(spool, { recursive: true });
    const today = await box.serve(['ingest', '--port', '0'], ['ingest'], {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      MILLRACE_SPOOL_FOLDER: spool,
      MILLRACE_ACK_TIMEOUT_MS: '200',
    });
    const lines = count(0, 30).map((seq) => JSON.stringify(someEvent({ seq })));
    const answer = await fetch(`${today.url('ingest')}/v1/events?key=demo`, { method: 'POST', body: lines.join('\n') });
    expect(await answer.json()).toMatchObject({ accepted: 30 });
    await today.end('SIGKILL');

    const aws = await box.serve(['aws', '--port', '0'], ['aws']);
    const old = await startOldServer(folder, aws.url('aws'));
    const rows = await eventually('what the spool had', () => {
      const found = lakeRows(box.state);
      return found.length >= 30 ? found : undefined;
    });
    expect(seqsOf(rows, 't1')).toEqual(count(0, 30));
    expect(disorder(rows)).toEqual([]);
    await old.end('SIGTERM');
  });
});

declare const millrace: { version: string; track(event: string, fields: object): void; flush(): Promise<void> };

browserDescribe('a page, its tracker and its server, of 0.1.0 and of today', ({ launch }) => {
  const scripts = {
    '0.1.0': readFileSync(join(fixture, 'millrace.js')),
    today: readFileSync(require.resolve('@millrace/sdk/millrace.js')),
  };
  let box: Sandbox;
  let served: Served;
  let folder: string;
  let old: Awaited<ReturnType<typeof startOldServer>>;
  let context: BrowserContext;
  const fronts: Storefront[] = [];
  beforeAll(async () => {
    box = sandbox(diskFolder());
    served = await box.serve(['dev', '--no-traffic', ...anyPorts], ['aws', 'ingest', 'store']);
    folder = mkdtempSync(join(tmpdir(), 'millrace-upgrade-'));
    old = await startOldServer(folder, served.url('aws'));
    context = await (await launch()).newContext();
  });
  afterAll(async () => {
    for (const front of fronts) await front.close();
    await old?.end('SIGTERM');
    await box?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const front = async (ingest: string) => {
    const started = await startStorefront(ingest);
    fronts.push(started);
    return started;
  };
  /** Opens the page with this script, and tracks events that carry these numbers. */
  const track = async (page: Page, at: Storefront, script: Buffer, numbers: number[]) => {
    at.script = script;
    await page.goto(`${at.origin}/p`);
    await page.evaluate((numbers) => {
      for (const n of numbers) millrace.track('liked_item', { properties: { n } });
      void millrace.flush();
    }, numbers);
    return page.evaluate(() => millrace.version);
  };
  const numbersInLake = (from: number, to: number) =>
    lakeRows(box.state)
      .map(({ properties }) => Number((properties as { n?: number } | undefined)?.n))
      .filter((n) => n >= from && n < to)
      .sort((a, b) => a - b);
  const arrived = (from: number, to: number) =>
    eventually(`the events ${from} to ${to}`, () => numbersInLake(from, to).length >= to - from);

  test('the tracker of 0.1.0 delivers to today’s server', async () => {
    const page = await context.newPage();
    expect(await track(page, await front(served.url('ingest')), scripts['0.1.0'], count(100, 110))).toBe('0.1.0');
    await arrived(100, 110);
    expect(numbersInLake(100, 110)).toEqual(count(100, 110));
    await page.close();
  });

  test('today’s tracker delivers to a server of 0.1.0', async () => {
    const page = await context.newPage();
    await track(page, await front(old.url), scripts.today, count(200, 210));
    await arrived(200, 210);
    expect(numbersInLake(200, 210)).toEqual(count(200, 210));
    await page.close();
  });

  test.each([
    ['0.1.0', 'today', 300],
    ['today', '0.1.0', 400],
  ] as const)(
    'what a page with the tracker of %s kept while the server was away goes with that of %s',
    async (first, second, from) => {
      const at = await front(served.url('ingest'));
      at.weather = '503';
      const page = await context.newPage();
      await track(page, at, scripts[first], count(from, from + 10));
      const visitor = await page.evaluate(() => document.cookie + JSON.stringify(localStorage.length > 0));
      expect(visitor).toContain('true');
      await page.goto('about:blank');
      at.weather = 'ok';
      await track(page, at, scripts[second], count(from + 10, from + 20));
      await arrived(from, from + 20);
      expect(numbersInLake(from, from + 20)).toEqual(count(from, from + 20));
      const visitors = new Set(
        lakeRows(box.state)
          .filter(({ properties }) => Number((properties as { n?: number } | undefined)?.n) >= from)
          .filter(({ properties }) => Number((properties as { n: number }).n) < from + 20)
          .map(({ visitor_id }) => visitor_id),
      );
      expect(visitors.size).toBe(1);
      await page.close();
    },
  );
});
