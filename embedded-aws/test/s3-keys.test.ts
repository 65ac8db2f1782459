import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { anyCharacter } from '@millrace/testing/any-character';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { nodeDisk } from '../src/s3/store/disk.js';
import { keyPath } from '../src/s3/store/key-path.js';
import { openObjectStore } from '../src/s3/store/object-store.js';
import { compareUtf8 } from '../src/s3/store/utf8-order.js';
import { walk } from '../src/s3/store/walk.js';

/** Keys made of what is hard: slashes, dots, marks, NULs, long names, and ordinary text. */
const segment = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '...',
    '%',
    '%~',
    '%+',
    '%-',
    '%~a',
    '%+a',
    '%-a',
    '%~%~',
    '%25',
    '%00',
    '~',
    'a',
    'b',
    'a\0',
    '\0',
    'page=books',
  ),
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll('/', '')),
  fc.constantFrom(
    'l'.repeat(255),
    'l'.repeat(256),
    'ü'.repeat(127),
    'ü'.repeat(128),
    '%~'.repeat(90),
    '😀'.repeat(70),
    `${'\0'.repeat(90)}`,
  ),
);
const key = fc
  .array(segment, { minLength: 1, maxLength: 5 })
  .map((segments) => segments.join('/'))
  .filter((text) => text !== '' && isWellFormed(text) && Buffer.byteLength(text) <= 1024);

/** No half of a surrogate pair: a request's address cannot hold one. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString() === text;
}

const placesOf = (text: string) => {
  const { file, beside } = keyPath(text);
  return [file, beside].map((place) => [...place.folders, place.name].join('/'));
};

describe('the path of a key', () => {
  test(`is made of names that a file system can hold, and leads nowhere else${leavesOut('100 of 300 runs')}`, () => {
    fc.assert(
      fc.property(key, (text) => {
        for (const path of placesOf(text))
          for (const name of path.split('/')) {
            expect(['', '.', '..']).not.toContain(name);
            expect(name.includes('\0')).toBe(false);
            expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
          }
      }),
      { numRuns: inForm(100, 300) },
    );
  });

  test(`is that of no other key${leavesOut('100 of 300 runs')}`, () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 2, maxLength: 12 }), (keys) => {
        const owners = new Map<string, string>();
        for (const text of keys)
          for (const path of placesOf(text)) {
            expect(owners.get(path) ?? text).toBe(text);
            owners.set(path, text);
          }
      }),
      { numRuns: inForm(100, 300) },
    );
  });

  test('is the key itself wherever a file system can hold it', () => {
    for (const text of [
      'page=books/event=clicked_review/x.gz',
      'a b+c?d#e',
      '100%',
      'a%20b',
      '...',
      '~',
      '.hidden/x',
      'ü/日本',
    ])
      expect(placesOf(text)[0]).toBe(text);
    expect(placesOf('a//b/')).toEqual(['a/%+/b/%~', 'a/%+/b/%~']);
    expect(placesOf('../a')[0]).toBe('%+../a');
  });

  test('fits into what systems allow, even for the worst keys', () => {
    for (const worst of [
      '/'.repeat(1024),
      './'.repeat(512),
      '\0'.repeat(1024),
      '\0/'.repeat(512),
      `%~${'%'.repeat(1022)}`,
      '%~/'.repeat(341),
    ])
      expect(Buffer.byteLength(placesOf(worst)[0]!)).toBeLessThan(3500);
  });
});

test(`what is put under any keys is listed as exactly those keys, in the order of their bytes${leavesOut('8 of 25 runs')}`, async () => {
  const root = await mkdtemp(join(tmpdir(), 'millrace-s3-keys-'));
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 10 }), async (keys) => {
        const at = join(root, String(run++));
        const store = await openObjectStore({
          folder: join(at, 's3'),
          metaFolder: join(at, 'meta'),
          log: () => undefined,
        });
        await store.createBucket('lake');
        for (const text of keys) {
          const content = await store.newTempFile('lake', text);
          await content.write(Buffer.from(text));
          await store.put('lake', text, content, { etag: 'x', headers: {}, user: {} });
        }
        const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(await listed(join(at, 's3', 'lake'), '')).toEqual(inOrder);
        for (const text of keys) {
          expect((await store.head('lake', text))?.size).toBe(Buffer.byteLength(text));
          const prefix = text.slice(0, text.length / 2);
          if (isWellFormed(prefix))
            expect(await listed(join(at, 's3', 'lake'), prefix)).toEqual(
              inOrder.filter((one) => one.startsWith(prefix)),
            );
        }
        for (const text of keys) await store.delete('lake', text);
        await store.deleteBucket('lake');
      }),
      { numRuns: inForm(8, 25) },
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

async function listed(folder: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const walked of walk(nodeDisk, folder, { prefix, after: '', rollUpFolders: false }))
    if ('key' in walked) keys.push(walked.key);
  return keys;
}

test('a listing reads no folder that its prefix rules out', async () => {
  const root = await mkdtemp(join(tmpdir(), 'millrace-s3-keys-'));
  try {
    for (const path of ['page=books/event=a/1', 'page=books/event=b/2', 'page=food/event=a/3']) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), '');
    }
    const read: string[] = [];
    const disk = {
      ...nodeDisk,
      readdir: ((path: string, options: never) => {
        read.push(path.slice(root.length + 1));
        return nodeDisk.readdir(path, options);
      }) as typeof nodeDisk.readdir,
    };
    const keys: string[] = [];
    for await (const walked of walk(disk, root, { prefix: 'page=books/event=b', after: '', rollUpFolders: false }))
      if ('key' in walked) keys.push(walked.key);
    expect(keys).toEqual(['page=books/event=b/2']);
    expect(read).toEqual(['page=books', 'page=books/event=b']);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test('keys are compared as their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), fc.string({ unit: anyCharacter }), (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
