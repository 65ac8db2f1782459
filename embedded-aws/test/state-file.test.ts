import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spoilFile, spoils } from '@millrace/testing/spoil-file';
import { readState, writeState } from '../src/state-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-state-'));
  path = join(folder, 'tables.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const format = { format: 'millrace-test', version: 1, remedy: 'delete it.' };
const contents = [{ tables: ['a', 'ü', '�', ''], n: -0.5 }, [], { deep: { 7: null, __proto__: 'x' } }];

describe('a damaged state file is an error that names it and says what to do', () => {
  test.each(Object.entries(spoils))('%s', async (_, spoil) => {
    for (const content of contents) {
      await writeState(path, format, content);
      expect(await readState(path, format)).toEqual(content);
      spoilFile(path, spoil);
      await expect(readState(path, format)).rejects.toThrow(
        new RegExp(`^${path} is (damaged|not a millrace-test file).*Put back a copy of it, or delete it\\.`),
      );
    }
  });

  test('every single flipped bit', async () => {
    await writeState(path, format, contents[0]);
    const whole = await readFile(path);
    for (let bit = 0; bit < whole.length * 8; bit += 3) {
      const spoiled = Buffer.from(whole);
      spoiled[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(path, spoiled);
      await expect(readState(path, format)).rejects.toThrow(path);
    }
  });
});

test.each([
  ['a value', (text: string) => text.replace('-0.5', '12')],
  ['a name', (text: string) => text.replace('tables', 'views')],
  ['and formatted', (text: string) => JSON.stringify({ ...JSON.parse(text), data: { n: 1 } }, null, 2)],
])('a file that a person edited (%s) is read with the checksum that the error tells', async (_, edit) => {
  await writeState(path, format, contents[0]);
  const edited = edit(await readFile(path, 'utf8'));
  await writeFile(path, edited);
  const refusal: Error = await readState(path, format).then(
    () => new Error('it was read'),
    (error) => error,
  );
  const [, checksum] = /If you edited it, .*"sha256":"([0-9a-f]{64})"$/.exec(refusal.message)!;
  await writeFile(path, edited.replace(/("sha256": ?)"[0-9a-f]*"/, `$1"${checksum}"`));
  expect(await readState(path, format)).toEqual(JSON.parse(edited).data);
});
