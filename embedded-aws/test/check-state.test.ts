import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startEmbeddedAws } from '@millrace/embedded-aws';
import { checkState } from '@millrace/embedded-aws/check-state';
import { flipBit, spoilFile, spoils } from '@millrace/testing/spoil-file';
import { type FullState, fullState, recordCount } from './full-state.js';

let state: FullState;
beforeAll(async () => {
  state = await fullState();
});
afterAll(() => state?.remove());

/** Runs with a copy. */
async function onCopy<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const { folder, remove } = state.copy();
  try {
    return await work(folder);
  } finally {
    remove();
  }
}

/** Of every file below a folder. */
const sums = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, statSync(path).mtimeMs, createHash('md5').update(readFileSync(path)).digest('hex')]);

const writeSpoiled: typeof spoilFile = (path, spoil) => writeFileSync(path, spoil(readFileSync(path)));

const kinds = [
  'Kinesis streams',
  'Kinesis records',
  'delivery streams',
  'positions',
  'Direct PUT records',
  'Glue databases',
  'objects',
  'metadata of objects',
  'uploads in parts',
];

test('a whole state has no damage, every file is counted under its kind, and nothing is changed', () =>
  onCopy(async (folder) => {
    const before = sums(folder);
    const check = await checkState(folder);
    expect(check).toMatchObject({ damaged: [], unknown: [], unchecked: 0, inUseBy: undefined });
    expect(check.kinds.map(({ kind }) => kind)).toEqual(kinds);
    for (const { kind, files, bytes } of check.kinds)
      expect([kind, files, bytes]).toEqual([
        kind,
        state.files[kind]!.length,
        state.files[kind]!.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0),
      ]);
    const records = Object.fromEntries(check.kinds.map((one) => [one.kind, one.records]));
    expect(records).toMatchObject({ 'Kinesis records': recordCount, 'delivery streams': 2, 'Glue databases': 1 });
    expect(sums(folder)).toEqual(before);
  }));

describe('a damaged file is named under its kind, and no other', () => {
  test.each(kinds)('%s', (kind) =>
    onCopy(async (folder) => {
      // Only an object's times say whose bytes they are.
      const change = kind === 'objects' ? spoilFile : writeSpoiled;
      for (const path of state.files[kind]!.slice(0, 3).map((name) => join(folder, name))) {
        const whole = readFileSync(path);
        for (const [how, spoil] of Object.entries(spoils)) {
          change(path, spoil);
          const { damaged, unknown } = await checkState(folder);
          // The newest segment of a log may end in a write that was cut off, and was never acknowledged.
          const mayBeTorn = path.endsWith('.log') && /cut|empty|zeros/.test(how);
          const expected = [expect.objectContaining({ kind, file: path })];
          if (!mayBeTorn) expect([how, damaged, unknown]).toEqual([how, expected, []]);
          else expect(damaged.every(({ file }) => file === path)).toBe(true);
          change(path, () => whole);
        }
      }
      expect((await checkState(folder)).damaged).toEqual([]);
    }),
  );

  test('of a log: the bytes, the records that they cost, and the copy that was set aside, also once the log is gone', () =>
    onCopy(async (folder) => {
      const path = join(folder, state.files['Kinesis records']![0]!);
      spoilFile(path, flipBit(0.5));
      const [before] = (await checkState(folder)).damaged;
      expect(before).toMatchObject({ file: path, records: 1, start: expect.any(Number) });
      expect(before).not.toHaveProperty('setAside');
      await (await startEmbeddedAws({ state: folder })).stop();
      const [set] = (await checkState(folder)).damaged;
      expect(set).toEqual({ ...before, setAside: `${path}.${before!.start}.damaged` });
      rmSync(path);
      const { damaged } = await checkState(folder);
      expect(damaged).toEqual([expect.objectContaining({ file: path, start: set!.start, setAside: set!.setAside })]);
    }));

  test.each([
    ['Kinesis streams', 'kinesis/streams.json'],
    ['delivery streams', 'firehose/delivery-streams.json'],
  ])('the list of %s that is missing beside their records', (kind, name) =>
    onCopy(async (folder) => {
      const file = join(folder, name);
      rmSync(file);
      expect((await checkState(folder)).damaged).toEqual([
        { kind, file, what: expect.stringMatching(/^is missing, and .* has records/) },
      ]);
      // A first start that was killed may leave empty folders.
      for (const log of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
        if (log.endsWith('.log')) rmSync(join(folder, log));
      expect((await checkState(folder)).damaged).toEqual([]);
    }),
  );

  test('a segment of a newer version is not damage: it is unknown', () =>
    onCopy(async (folder) => {
      const path = join(folder, state.files['Kinesis records']![0]!);
      writeFileSync(path, 'millrace-records 2\nwhatever');
      expect(await checkState(folder)).toMatchObject({ damaged: [], unknown: [path] });
    }));
});

test('while it runs it says who runs it; a file that a person added has no checksum', () =>
  onCopy(async (folder) => {
    const aws = await startEmbeddedAws({ state: folder });
    try {
      writeFileSync(join(folder, 's3', 'lake', 'mine'), 'mine');
      expect(await checkState(folder)).toMatchObject({ inUseBy: process.pid, damaged: [], unchecked: 1 });
    } finally {
      await aws.stop();
    }
  }));

test('a folder without any state has no kind', async () => {
  expect((await checkState(join(state.files.objects![0]!, 'nowhere'))).kinds).toEqual([]);
});
