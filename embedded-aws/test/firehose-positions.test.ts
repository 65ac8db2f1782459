import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createPositionStore } from '../src/firehose/read/position-store.js';
import { hastyClock, until } from './firehose-fakes.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-positions-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('the last of many changes is what is on disk', async () => {
  const store = createPositionStore(join(folder, 'p.json'), hastyClock, () => {});
  expect(await store.load()).toEqual(new Map());
  for (let n = 0; n < 1_000; n++) store.changed(() => new Map([['shard-0', { sequenceNumber: String(n) }]]));
  await store.settled();
  expect(await createPositionStore(join(folder, 'p.json'), hastyClock, () => {}).load()).toEqual(
    new Map([['shard-0', { sequenceNumber: '999' }]]),
  );
});

test('positions that cannot be written are said once, and once when they can', async () => {
  const inTheWay = join(folder, 'a-file');
  await writeFile(inTheWay, '');
  const log: string[] = [];
  const store = createPositionStore(join(inTheWay, 'p.json'), hastyClock, (line) => log.push(line));
  for (let n = 0; n < 5; n++) {
    store.changed(() => new Map());
    await store.settled();
  }
  expect(log).toEqual([expect.stringMatching(/^cannot store positions in .*p\.json \((EEXIST|ENOTDIR)/)]);
  await rm(inTheWay);
  store.changed(() => new Map([['shard-0', { finished: true }]]));
  await until(() => log.length === 2, 'it is said');
  await store.settled();
  expect(await store.load()).toEqual(new Map([['shard-0', { finished: true }]]));
});
