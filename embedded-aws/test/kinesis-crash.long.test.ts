import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { createRandom } from '@millrace/kit/seeded-random';
import { diskFolder } from '@millrace/testing/disk-folder';
import { program } from '@millrace/testing/program';
import { type KinesisStore, openStore } from '../src/kinesis/store.js';
import { ensureStream, put, readStream } from './kinesis-store-puts.js';
import { lossyDisk } from './lossy-disk.js';

const crashes = 300;
/** Of each kind of crash. */
const wanted = 250_000;

async function expectNothingLost(store: KinesisStore, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const { numbers, records } = await readStream(store);
  const lost = [...acknowledged].filter(([name, number]) => numbers.get(name) !== number);
  console.log(`${crashes} crashes, ${acknowledged.size} records acknowledged: ${lost.length} lost; ${records} found`);
  expect(lost.slice(0, 5)).toEqual([]);
  expect(records).toBe(numbers.size);
  expect(new Set(numbers.values()).size).toBe(records);
}

test('300 kill -9 lose no acknowledged record of 250,000, and none is there twice', async () => {
  const folder = await mkdtemp(join(diskFolder(), 'kinesis-crash-'));
  const random = createRandom('kills');
  const file = await program('embedded-aws/dist/test/kinesis-store-process.js');
  const acknowledged = new Map<string, number>();
  const said: string[] = [];
  try {
    for (let life = 0; life < crashes; life++) {
      const child = spawn(process.execPath, ['--no-warnings', file, folder, String(life)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stderr.on('data', (text) => said.push(String(text)));
      const ended = once(child, 'close');
      const due = Math.round(((life + 1) * wanted) / crashes);
      let isDoomed = false;
      const killAfter = (ms: number) => {
        if (!isDoomed) setTimeout(() => child.kill('SIGKILL'), ms);
        isDoomed = true;
      };
      // Now and then while it opens the store.
      if (random.chance(0.05)) killAfter(random.integer(20, 200));
      for await (const line of createInterface(child.stdout)) {
        const [, name, number] = /^(\S+) (\d+);$/.exec(line) ?? [];
        // The last line may be a part of one.
        if (name === undefined) continue;
        acknowledged.set(name, Number(number));
        if (acknowledged.size >= due) killAfter(random.integer(0, 5));
      }
      await ended;
    }
    const store = await openStore(folder, (line) => void said.push(line));
    await expectNothingLost(store, acknowledged);
    await store.close();
    expect(acknowledged.size).toBeGreaterThan(wanted * 0.9);
    expect(said.filter((line) => /damaged|Error/.test(line))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, maxRetries: 3 });
  }
}, 3_600_000);

test('300 power cuts lose no acknowledged record of 250,000, and none is there twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kinesis-power-'));
  const random = createRandom('power cuts');
  const disk = lossyDisk();
  const acknowledged = new Map<string, number>();
  const said: string[] = [];
  const open = () => openStore(folder, (line) => void said.push(line), disk.plugIn());
  try {
    for (let life = 0; life < crashes; life++) {
      const store = await open();
      await ensureStream(store);
      const due = ((life + 1) * wanted) / crashes;
      let sent = 0;
      let isOn = true;
      const write = async () => {
        while (isOn) {
          const names = Array.from({ length: random.integer(1, 60) }, () => `${life}.${sent++}`);
          const numbers = await put(store, names);
          for (const [i, name] of names.entries()) acknowledged.set(name, numbers[i]!);
        }
      };
      const writers = [write(), write(), write()];
      while (acknowledged.size < due) await new Promise(setImmediate);
      for (let turns = random.integer(0, 12); turns > 0; turns--) await new Promise(setImmediate);
      disk.cutPower(random);
      isOn = false;
      await Promise.allSettled(writers);
      await store.close();
    }
    const store = await open();
    await expectNothingLost(store, acknowledged);
    await store.close();
    expect(said.filter((line) => line.includes('damaged'))).toEqual([]);
    expect(said.length).toBeGreaterThan(crashes / 10);
  } finally {
    await rm(folder, { recursive: true, maxRetries: 3 });
  }
}, 3_600_000);
