import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
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
        if (acknowledged.size >= 2000 * (round + 1)) child.kill('SIGKILL');
      }
    };
    // Each writer ends with the error that the killed server gives it.
    await Promise.allSettled([0, 1, 2, 3].map(write));
    await kill(child);
    client.destroy();
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(4000);

  const kinesis = await startKinesis({ folder, ...noLimits });
  const found = await readAll(kinesis.client, 's');
  await kinesis.stop();
  const data = new Map(found.map((record) => [record.sequenceNumber, record.data]));
  expect([...acknowledged].filter(([number, text]) => data.get(number) !== text)).toEqual([]);
  expect(data.size).toBe(found.length);
});

test('a write that the disk refuses is not acknowledged, and the store goes on by itself when there is room again', async () => {
  // No file may pass 3 MiB: LevelDB's log (up to 4 MiB) meets that as it would meet a full disk, and a new log has room again.
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
  expect(refused[0]).toMatch(new RegExp(`File too large \\(the Kinesis store in ${folder}\\)`));
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

test('a stream that was half made, half split or half deleted when the process was killed is put right', async () => {
  const first = await startKinesis({ folder });
  for (const StreamName of ['making', 'splitting', 'deleting'])
    await first.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  const Records = [{ PartitionKey: 'p', Data: Buffer.from('one') }];
  for (const StreamName of ['splitting', 'deleting'])
    await first.client.send(new PutRecordsCommand({ StreamName, Records }));
  await first.stop();
  const store = await openStore(folder);
  const states = { making: 'CREATING', splitting: 'UPDATING', deleting: 'DELETING' } as const;
  for (const [name, state] of Object.entries(states))
    await store.update(name, (stream) => {
      stream.StreamStatus = state;
    });
  await store.close();

  const second = await openStore(folder);
  expect((await second.streams()).map((stream) => [stream.StreamName, stream.StreamStatus])).toEqual([
    ['splitting', 'ACTIVE'],
  ]);
  await second.close();
});

test('a folder that another process uses is refused with what to do', async () => {
  await startChild();
  expect(await openError()).toBe(
    `The Kinesis store in ${folder} is in use by another process. Stop that process, or choose another folder.`,
  );
});

test('a damaged folder is refused by name, with what to do and what it costs, and nothing in it is touched', async () => {
  await (await openKinesis({ folder, log: () => {} })).close();
  const damaged = new RegExp(
    `The Kinesis store in ${folder} is damaged .* Move the folder away and start again.*undelivered records`,
  );
  const manifest = (await readdir(folder)).find((name) => name.startsWith('MANIFEST'))!;
  await truncate(join(folder, manifest), 3);
  expect(await openError()).toMatch(damaged);
  await writeFile(join(folder, 'CURRENT'), 'no such thing');
  expect(await openError()).toMatch(damaged);
  // LevelDB alone would begin anew here and delete the old files.
  await unlink(join(folder, 'CURRENT'));
  expect(await openError()).toMatch(damaged);
  expect(await readdir(folder)).toContain(manifest);
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
  const size = async () => {
    const names = await readdir(folder);
    return (await Promise.all(names.map((name) => stat(join(folder, name))))).reduce((sum, { size }) => sum + size, 0);
  };
  const full = await size();

  const store = await openStore(folder);
  const logged: string[] = [];
  await trimExpired(store, Date.now() + 23 * 3_600_000, (line) => void logged.push(line));
  expect(logged).toEqual([]);
  await trimExpired(store, Date.now() + 25 * 3_600_000, (line) => void logged.push(line));
  expect(logged).toEqual(['Kinesis: removed what is older than 24 hours from stream s']);
  await store.close();
  expect(full).toBeGreaterThan(9_000_000);
  expect(await size()).toBeLessThan(full / 4);

  const after = await startKinesis({ folder, ...noLimits });
  expect(await readAll(after.client, 's')).toEqual([]);
  const Records = [{ PartitionKey: 'p', Data: Buffer.from('next') }];
  await after.client.send(new PutRecordsCommand({ StreamName: 's', Records }));
  expect((await readAll(after.client, 's')).map(({ data }) => data)).toEqual(['next']);
  await after.stop();
});
