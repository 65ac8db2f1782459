import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { diskFolder } from '@millrace/testing/disk-folder';
import { kinesisClient } from '@millrace/testing/kinesis-client';
import { program } from '@millrace/testing/program';
import { openKinesis } from '../src/kinesis/index.js';
import { trimExpired } from '../src/kinesis/retention.js';
import { parseSequenceNumber } from '../src/kinesis/sequence-number.js';
import { openStore } from '../src/kinesis/store.js';
import { noLimits, readAll, startKinesis } from './kinesis-support.js';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(diskFolder(), 'kinesis-durability-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await rm(folder, { recursive: true, force: true });
});

/** `limits`: what the shell's `ulimit` takes. */
async function startChild(limits = '-c 0'): Promise<{ child: ChildProcess; url: string }> {
  const script = await program('embedded-aws/dist/test/kinesis-process.js');
  const child = spawn('sh', ['-c', `ulimit ${limits} && exec "$0" "$@"`, process.execPath, script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '--no-warnings' },
  });
  children.push(child);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, url: line.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const openError = () =>
  openKinesis({ folder, log: () => {} }).then(
    () => 'it opened',
    (error: Error) => error.message,
  );

test('kill -9 in the middle of writing loses no acknowledged record', async () => {
  const acknowledged = new Map<string, string>();
  for (let round = 0; round < 2; round++) {
    const { child, url } = await startChild();
    const client = kinesisClient(url);
    if (round === 0) await client.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 4 }));
    const write = async (writer: number) => {
      for (let call = 0; ; call++) {
        const data = Array.from({ length: 20 }, (_, i) => `${round}-${writer}-${call}-${i}-${'x'.repeat(500)}`);
        const Records = data.map((Data) => ({ PartitionKey: Data.slice(0, 20), Data: Buffer.from(Data) }));
        const { Records: results } = await client.send(new PutRecordsCommand({ StreamName: 's', Records }));
        results!.forEach(({ SequenceNumber }, i) => {
          acknowledged.set(SequenceNumber!, data[i]!);
        });
        if (acknowledged.size >= 1000 * (round + 1)) child.kill('SIGKILL');
      }
    };
    // Each writer ends with the error that the killed server gives it.
    await Promise.allSettled([0, 1, 2, 3].map(write));
    await kill(child);
    client.destroy();
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(2000);

  const kinesis = await startKinesis({ folder, ...noLimits });
  const found = await readAll(kinesis.client, 's');
  await kinesis.stop();
  const data = new Map(found.map((record) => [record.sequenceNumber, record.data]));
  expect([...acknowledged].filter(([number, text]) => data.get(number) !== text)).toEqual([]);
  expect(data.size).toBe(found.length);
});

test('a write that the disk refuses is not acknowledged, and the store goes on by itself when there is room again', async () => {
  // No file may pass 3 MiB: a segment meets that as it would meet a full disk, and a new one has room again.
  const { url } = await startChild('-f 6144');
  const client = kinesisClient(url);
  await client.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 1 }));
  const acknowledged: string[] = [];
  const refused: string[] = [];
  for (let i = 0; i < 100; i++) {
    const data = `${i}-${randomBytes(60_000).toString('hex')}`;
    const Records = [{ PartitionKey: 'p', Data: Buffer.from(data) }];
    await client.send(new PutRecordsCommand({ StreamName: 's', Records })).then(
      () => acknowledged.push(data),
      (error: Error) => refused.push(error.message),
    );
  }
  expect(refused.length).toBeGreaterThan(1);
  expect(refused[0]).toMatch(new RegExp(`file too large.* \\(the Kinesis store in ${folder}\\)`));
  expect(Number.parseInt(acknowledged.at(-1)!, 10)).toBeGreaterThanOrEqual(90);
  const found = new Set((await readAll(client, 's')).map(({ data }) => data));
  expect(acknowledged.filter((data) => !found.has(data))).toHaveLength(0);
  client.destroy();
});

test('streams, modes, shards and records are there again after a restart', async () => {
  const first = await startKinesis({ folder });
  const StreamName = 'kept';
  await first.client.send(new CreateStreamCommand({ StreamName, StreamModeDetails: { StreamMode: 'ON_DEMAND' } }));
  const Records = [{ PartitionKey: 'p', Data: Buffer.from('one') }];
  await first.client.send(new PutRecordsCommand({ StreamName, Records }));
  const split = { StreamName, ShardToSplit: 'shardId-000000000003', NewStartingHashKey: String((1n << 128n) - 99n) };
  await first.client.send(new SplitShardCommand(split));
  await first.stop();

  const second = await startKinesis({ folder });
  const { StreamDescriptionSummary: summary } = await second.client.send(
    new DescribeStreamSummaryCommand({ StreamName }),
  );
  expect(summary).toMatchObject({ OpenShardCount: 5, StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
  expect((await readAll(second.client, StreamName)).map(({ data }) => data)).toEqual(['one']);
  await second.stop();
});

test('a log without a stream, which a killed process left when it made or deleted one, is removed', async () => {
  const first = await startKinesis({ folder });
  await first.client.send(new CreateStreamCommand({ StreamName: 'kept', ShardCount: 1 }));
  const Records = [{ PartitionKey: 'p', Data: Buffer.from('one') }];
  await first.client.send(new PutRecordsCommand({ StreamName: 'kept', Records }));
  await first.stop();
  const logs = await readdir(join(folder, 'records'));
  for (const name of ['half-made', 'half-deleted']) {
    await mkdir(join(folder, 'records', name));
    await writeFile(join(folder, 'records', name, '0000000000000001.log'), 'millr');
  }
  const second = await startKinesis({ folder });
  expect(await readdir(join(folder, 'records'))).toEqual(logs);
  expect((await readAll(second.client, 'kept')).map(({ data }) => data)).toEqual(['one']);
  await second.stop();
});

test('a folder that another process uses is refused with what to do', async () => {
  const { child } = await startChild();
  expect(await openError()).toBe(
    `The Kinesis store in ${folder} is in use by process ${child.pid}. Stop that process, or choose another folder.`,
  );
});

test('a damaged list of streams is refused by name, with what to do and what it costs, and nothing is touched', async () => {
  const first = await startKinesis({ folder });
  await first.client.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 1 }));
  await first.stop();
  const file = join(folder, 'streams.json');
  const whole = await readFile(file);
  for (const damaged of [whole.subarray(0, 50), Buffer.from(whole).fill('x', 150, 151), Buffer.alloc(0)]) {
    await writeFile(file, damaged);
    expect(await openError()).toMatch(new RegExp(`${file} is .*an empty store takes its place.*undelivered records`));
    expect(await readFile(file)).toEqual(damaged);
  }
  await rm(file);
  await writeFile(join(folder, 'records', (await readdir(join(folder, 'records')))[0]!, '0000000000000001.log'), '');
  expect(await openError()).toMatch(/streams\.json is missing, and there are records.*Put back a copy/);
  expect(await readdir(join(folder, 'records'))).toHaveLength(1);
});

test('a flipped bit costs the record that it is in, whatever came before and after it is read, and the log names it', async () => {
  const first = await startKinesis({ folder, ...noLimits });
  await first.client.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 2 }));
  const data = Array.from({ length: 30 }, (_, i) => `record ${i} of 30`);
  for (const one of data)
    await first.client.send(
      new PutRecordsCommand({ StreamName: 's', Records: [{ PartitionKey: one, Data: Buffer.from(one) }] }),
    );
  await first.stop();
  const [id] = await readdir(join(folder, 'records'));
  const file = join(folder, 'records', id!, '0000000000000001.log');
  const bytes = await readFile(file);
  bytes[bytes.indexOf('record 7 of')]! ^= 4;
  await writeFile(file, bytes);

  const second = await startKinesis({ folder, ...noLimits });
  const found = (await readAll(second.client, 's')).map((record) => record.data);
  expect(found.sort()).toEqual(data.filter((_, i) => i !== 7).sort());
  expect(second.logged.join()).toMatch(new RegExp(`stream s: ${file} is damaged from byte \\d+ .*: 1 record lost`));
  await second.stop();
});

test('a folder that cannot be is refused by name', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  const message = await openKinesis({ folder: join(file, 'kinesis'), log: () => {} }).catch(
    (error: Error) => error.message,
  );
  expect(message).toContain(join(file, 'kinesis'));
});

test('expired records are removed and their space is given back', async () => {
  const kinesis = await startKinesis({ folder, ...noLimits });
  await kinesis.client.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 2 }));
  for (let call = 0; call < 10; call++) {
    const Records = Array.from({ length: 40 }, (_, i) => ({ PartitionKey: `${i}`, Data: randomBytes(24_000) }));
    await kinesis.client.send(new PutRecordsCommand({ StreamName: 's', Records }));
  }
  await kinesis.stop();

  const store = await openStore(folder, () => {});
  const { log } = store.opened('s');
  const full = log.bytes();
  const logged: string[] = [];
  await trimExpired(store, Date.now() + 23 * 3_600_000, (line) => void logged.push(line));
  expect(logged).toEqual([]);
  await trimExpired(store, Date.now() + 25 * 3_600_000, (line) => void logged.push(line));
  expect(logged).toEqual(['Kinesis: removed what is older than 24 hours from stream s']);
  expect(full).toBeGreaterThan(9_000_000);
  expect(log.bytes()).toBeLessThan(100);
  await store.close();

  const after = await startKinesis({ folder, ...noLimits });
  expect(await readAll(after.client, 's')).toEqual([]);
  const Records = [{ PartitionKey: 'p', Data: Buffer.from('next') }];
  const { Records: placed } = await after.client.send(new PutRecordsCommand({ StreamName: 's', Records }));
  expect(parseSequenceNumber(placed![0]!.SequenceNumber!)!.index).toBeGreaterThan(400);
  expect((await readAll(after.client, 's')).map(({ data }) => data)).toEqual(['next']);
  await after.stop();
});
