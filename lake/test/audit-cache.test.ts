import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { event, lines, temporaryLake } from '@millrace/testing/lake-fixture';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { type AuditableLake, openLake } from '../src/index.js';
import { writeOddFile } from './audit-files.js';
import { type OddFile, oddFiles } from './odd-lake.js';
import { type Dice, dices, faultyLake } from './random-lake.js';

let at: ReturnType<typeof temporaryLake>;
let lake: AuditableLake;
let cache: string;
beforeEach(async () => {
  at = temporaryLake();
  lake = await openLake({ folder: at.folder });
  cache = join(at.parent, 'facts');
});
afterEach(async () => {
  await lake.close();
  at.remove();
});

const options = { worst: 1_000, settleMs: 0 };
const stream = (stream_id: string, seqs: number[]) => seqs.map((seq) => event({ stream_id, seq }));
const put = async (key: string, ...all: Record<string, unknown>[]) =>
  await writeOddFile(at.folder, { key, bytes: gzipSync(lines(...all)) });

/** The report with the cache: but for what was not read again, it must be the one without. */
async function audited(unchanged?: number) {
  const { unchanged: not, ...report } = await lake.audit({ ...options, cache });
  const { unchanged: none, ...whole } = await lake.audit(options);
  expect(report).toEqual(whole);
  expect(none).toBe(0);
  if (unchanged !== undefined) expect(not).toBe(unchanged);
  return report;
}

test(`an audit with what earlier ones kept says what one without says, whatever became of the lake${leavesOut('96 of 100 runs')}`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.noShrink(dices), async (dice: Dice) => {
      rmSync(at.folder, { recursive: true, force: true });
      let files: OddFile[] = [];
      for (let day = 0; day < 3; day++) {
        for (const { key } of files.filter(() => dice.once(4))) rmSync(at.file(key), { force: true });
        files = oddFiles(dice, faultyLake(dice).objects()).filter(() => !dice.once(3));
        for (const file of files) await writeOddFile(at.folder, file);
        await audited();
      }
    }),
    { numRuns: inForm(4, 100) },
  );
});

describe('an object', () => {
  beforeEach(async () => {
    await put('page=books/event=x/a.gz', ...stream('A', [0, 1]));
    await put('page=books/event=x/b.gz', ...stream('B', [0, 1]));
    await audited(0);
  });

  test('that is as it was is not read again', async () => {
    expect(await audited(2)).toMatchObject({ events: 4, missing: 0 });
    await put('page=books/event=x/c.gz', ...stream('A', [2, 3]), ...stream('B', [3]));
    expect(await audited(2)).toMatchObject({ events: 7, missing: 1 });
    expect(await audited(3)).toMatchObject({ events: 7, missing: 1 });
  });

  test.each<[string, (path: string) => void]>([
    ['its content, not its size, nor the time that it bears', (path) => change(path, 1e9)],
    ['its content, a moment ago', (path) => change(path, Date.now() / 1_000)],
    ['its length', (path) => truncateSync(path, statSync(path).size - 1)],
    ['its time', (path) => utimesSync(path, 1e9 + 1, 1e9 + 1)],
    ['its file', (path) => replace(path)],
  ])('that changed %s is read again', async (_, work) => {
    work(at.file('page=books/event=x/a.gz'));
    await audited(1);
  });

  test('that is deleted is forgotten', async () => {
    rmSync(at.file('page=books/event=x/a.gz'));
    expect(await audited(1)).toMatchObject({ events: 2 });
  });

  test('that cannot be read to its end is read each time', async () => {
    await put('page=books/event=x/torn.gz', ...stream('A', [2]));
    writeFileSync(at.file('page=books/event=x/torn'), '{"torn');
    await audited(2);
    expect(await audited(3)).toMatchObject({ verdict: 'cannot_say', events: 5 });
  });
});

function change(path: string, seconds: number) {
  const bytes = readFileSync(path);
  bytes[bytes.length - 5]! ^= 1;
  writeFileSync(path, bytes);
  utimesSync(path, seconds, seconds);
}

function replace(path: string) {
  const bytes = gzipSync(lines(...stream('C', [0, 2])));
  rmSync(path);
  writeFileSync(path, bytes);
  utimesSync(path, 1e9, 1e9);
}

const packs = () => readdirSync(cache).map((name) => join(cache, name));

describe('what an earlier audit kept is not believed', () => {
  test.each<[string, (path: string) => void]>([
    ['when a bit of it is flipped', flip],
    ['when it is cut', (path) => truncateSync(path, statSync(path).size - 9)],
    ['when it is cut to nothing', (path) => truncateSync(path, 0)],
    ['when it is another file', (path) => writeFileSync(path, 'x'.repeat(5_000))],
    ['when it was not finished', (path) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
  ])('%s', async (_, damage) => {
    await put('page=books/event=x/a.gz', ...stream('A', [0, 2]));
    for (let n = 0; n < 8; n++) {
      await audited(0);
      damage(packs()[0]!);
    }
    await audited(0);
    expect(await audited(1)).toMatchObject({ events: 2, missing: 1 });
  });

  test('when it is of another lake with the same keys', async () => {
    await put('page=books/event=x/a.gz', ...stream('A', [0, 2]));
    const other = temporaryLake();
    const there = await openLake({ folder: other.folder });
    try {
      await writeOddFile(other.folder, {
        key: 'page=books/event=x/a.gz',
        bytes: gzipSync(lines(...stream('A', [0, 1]))),
      });
      await there.audit({ ...options, cache: join(other.parent, 'facts') });
      mkdirSync(cache);
      for (const name of readdirSync(join(other.parent, 'facts')))
        copyFileSync(join(other.parent, 'facts', name), join(cache, name));
    } finally {
      await there.close();
      other.remove();
    }
    expect(await audited(0)).toMatchObject({ missing: 1 });
    expect(packs()).toHaveLength(1);
  });

  test('when gzip lengths and checksums are not looked at', async () => {
    await put('page=books/event=x/a.gz', ...stream('A', [0]));
    await audited(0);
    expect(await lake.audit({ ...options, cache, checksums: false })).toMatchObject({ unchanged: 0 });
  });
});

function flip(path: string) {
  const bytes = readFileSync(path);
  bytes[Math.floor(Math.random() * bytes.length)]! ^= 1 << Math.floor(Math.random() * 8);
  writeFileSync(path, bytes);
}

test('many small audits keep few files', async () => {
  for (let n = 0; n < 25; n++) {
    await put(`page=books/event=x/${n}.gz`, ...stream('A', [n]));
    await lake.audit({ ...options, cache });
  }
  expect(packs().length).toBeLessThan(12);
  await audited();
});

test('a folder into which others may write is not used', async () => {
  await put('page=books/event=x/a.gz', ...stream('A', [0]));
  await audited(0);
  chmodSync(cache, 0o777);
  await audited(0);
  chmodSync(cache, 0o755);
  await audited(1);
});

test('a folder that cannot be made costs nothing', async () => {
  await put('page=books/event=x/a.gz', ...stream('A', [0]));
  writeFileSync(cache, 'a file');
  expect(await lake.audit({ ...options, cache })).toMatchObject({ verdict: 'complete', unchanged: 0 });
});
