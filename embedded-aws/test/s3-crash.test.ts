import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { diskFolder } from '@millrace/testing/disk-folder';
import { program } from '@millrace/testing/program';
import { startEndpoint } from '../src/endpoint.js';
import { openS3 } from '../src/s3/index.js';
import { type Disk, nodeDisk } from '../src/s3/store/disk.js';
import { type ObjectStore, openObjectStore } from '../src/s3/store/object-store.js';
import { failingDisk } from './s3-failing-disk.js';
import { errorCodeOf, filesBelow, send, startS3, tempFolder } from './s3-helpers.js';

let root: string;
beforeEach(async () => {
  root = await tempFolder();
});
afterEach(() => rm(root, { recursive: true, force: true }));

const bucket = 'lake';
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const log: string[] = [];

function open(disk: Disk = nodeDisk, at = root): Promise<ObjectStore> {
  return openObjectStore({ folder: join(at, 's3'), metaFolder: join(at, 'meta'), log: (line) => log.push(line), disk });
}

async function put(store: ObjectStore, key: string, text: string): Promise<void> {
  const content = await store.newTempFile(bucket, key);
  try {
    await content.write(Buffer.from(text));
    await store.put(bucket, key, content, { etag: md5(text), headers: {}, user: { text } });
  } finally {
    await content.discard();
  }
}

/** Key to content; fails when an object's bytes and metadata are not of one version. */
async function everything(store: ObjectStore): Promise<Record<string, string>> {
  const found: { key: string; path: string }[] = [];
  for await (const walked of store.walk(bucket, { prefix: '', after: '', rollUpFolders: false }))
    if ('key' in walked) found.push(walked);
  const objects: Record<string, string> = {};
  for (const described of await store.describe(bucket, found)) {
    const opened = await store.open(bucket, described.key);
    const text = await opened!.handle.readFile('utf8');
    await opened!.handle.close();
    expect(opened!.object).toEqual(described);
    expect({ etag: md5(text), user: { text } }).toMatchObject({ etag: described.etag, user: described.user });
    objects[described.key] = text;
  }
  return objects;
}

interface Change {
  readonly name: string;
  readonly before: Record<string, string>;
  readonly work: (store: ObjectStore) => Promise<unknown>;
  readonly after: Record<string, string>;
}

const changes: Change[] = [
  { name: 'a new object', before: {}, work: (s) => put(s, 'a/b/c', 'new'), after: { 'a/b/c': 'new' } },
  { name: 'an object over an old one', before: { k: 'old' }, work: (s) => put(s, 'k', 'new'), after: { k: 'new' } },
  {
    name: 'an object over one of the same size',
    before: { k: 'aaa' },
    work: (s) => put(s, 'k', 'bbb'),
    after: { k: 'bbb' },
  },
  {
    name: 'an object below another one',
    before: { a: '1' },
    work: (s) => put(s, 'a/b', '2'),
    after: { a: '1', 'a/b': '2' },
  },
  {
    name: 'an object above another one',
    before: { 'a/b': '1' },
    work: (s) => put(s, 'a', '2'),
    after: { a: '2', 'a/b': '1' },
  },
  { name: 'a deletion', before: { 'a/b/c': '1', a: '2' }, work: (s) => s.delete(bucket, 'a/b/c'), after: { a: '2' } },
];

describe.each(changes)('$name', ({ before, work, after }) => {
  async function prepared(at: string): Promise<void> {
    const store = await open(nodeDisk, at);
    await store.createBucket(bucket);
    for (const [key, text] of Object.entries(before)) await put(store, key, text);
  }

  /** Runs the change with the disk failing at every call in turn. */
  async function atEveryStep(
    dead: boolean,
    check: (folder: string, failed: boolean, disk: Disk, store: ObjectStore) => Promise<void>,
  ) {
    await prepared(join(root, 'count'));
    const counting = failingDisk(Number.POSITIVE_INFINITY, { code: 'none', dead: false });
    const counted = await open(counting.disk, join(root, 'count'));
    const opening = counting.calls();
    await work(counted);
    const steps = counting.calls() - opening;
    expect(steps).toBeGreaterThan(8);
    for (let step = 0; step < steps; step++) {
      const folder = join(root, String(step));
      await prepared(folder);
      const { disk } = failingDisk(opening + step, { code: dead ? 'DEAD' : 'ENOSPC', dead });
      const store = await open(disk, folder);
      const failed = await work(store).then(
        () => false,
        () => true,
      );
      await check(folder, failed, disk, store);
    }
  }

  test('is there whole or not at all, with its metadata, wherever the process died', async () => {
    let notYet = 0;
    let done = 0;
    await atEveryStep(true, async (folder, failed) => {
      const reopened = await open(nodeDisk, folder);
      const now = await everything(reopened);
      if (!failed) expect(now).toEqual(after);
      const [old, made] = [JSON.stringify(sorted(before)), JSON.stringify(sorted(after))];
      expect([old, made]).toContain(JSON.stringify(sorted(now)));
      if (JSON.stringify(sorted(now)) === old) notYet++;
      else done++;
      await expectTidy(folder, Object.keys(now).length);
      await work(reopened);
      expect(await everything(reopened)).toEqual(after);
    });
    // Both sides of the moment at which it happens have been tried.
    expect(Math.min(notYet, done)).toBeGreaterThan(0);
  });

  test('that meets a full disk at any step is refused or done, and leaves nothing half-written', async () => {
    await atEveryStep(false, async (folder, failed, _disk, store) => {
      const now = JSON.stringify(sorted(await everything(store)));
      if (!failed) expect(now).toBe(JSON.stringify(sorted(after)));
      expect([JSON.stringify(sorted(before)), JSON.stringify(sorted(after))]).toContain(now);
      await work(store);
      expect(await everything(store)).toEqual(after);
      await open(nodeDisk, folder);
      await expectTidy(folder, Object.keys(after).length);
    });
  });
});

const sorted = (objects: Record<string, string>) => Object.entries(objects).sort();

/** No temporary files, no empty bucket folders' leftovers, one file of metadata an object. */
async function expectTidy(folder: string, objects: number): Promise<void> {
  expect(await filesBelow(join(folder, 'meta', 'tmp'))).toEqual([]);
  expect(await filesBelow(join(folder, 's3'))).toHaveLength(objects);
  expect(await filesBelow(join(folder, 'meta', 'objects'))).toHaveLength(objects);
}

test('a put resolves after content, metadata and the names of new folders are synced, each before what builds on it', async () => {
  const store = await open();
  await store.createBucket(bucket);
  const calls: string[] = [];
  const short = (path: string) =>
    path
      .slice(root.length + 1)
      .replace(/tmp\/lake\..*/, 'CONTENT')
      .replace(/tmp\/.*metadata/, 'METADATA')
      .replace(/[0-9a-f]{64}.json/, 'HASH');
  const recording: Disk = {
    ...nodeDisk,
    rename: async (from, to) => {
      await nodeDisk.rename(from, to);
      calls.push(`rename ${short(String(from))} ${short(String(to))}`);
    },
    open: async (...args: Parameters<Disk['open']>) => {
      const handle = await nodeDisk.open(...args);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        await sync();
        calls.push(`sync ${short(String(args[0]))}`);
      };
      return handle;
    },
  };
  await put(await open(recording), 'a/b/c', 'text');
  const at = (call: string) => calls.indexOf(call);
  const metadata = 'rename meta/METADATA meta/objects/lake/HASH';
  const content = 'rename meta/CONTENT s3/lake/a/b/c';
  for (const [before, after] of [
    ['sync meta/METADATA', metadata],
    [metadata, 'sync meta/objects/lake'],
    ['sync meta/objects/lake', content],
    ['sync meta/CONTENT', content],
    [content, 'sync s3/lake/a/b'],
    [content, 'sync s3/lake/a'],
    [content, 'sync s3/lake'],
  ] as const) {
    expect(at(before)).toBeGreaterThanOrEqual(0);
    expect(at(after)).toBeGreaterThan(at(before));
  }
});

test('a full disk is answered 503 SlowDown, with a line in the log; the old object stays, and the next try succeeds', async () => {
  let full = false;
  const disk: Disk = {
    ...nodeDisk,
    open: async (...args: Parameters<Disk['open']>) => {
      const handle = await nodeDisk.open(...args);
      const write = handle.write.bind(handle);
      handle.write = (async (...given: Parameters<typeof write>) => {
        if (full) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        return write(...given);
      }) as typeof handle.write;
      return handle;
    },
  };
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const part = await openS3({ folder: join(root, 's3'), metaFolder: join(root, 'meta'), log, disk });
  const server = await startEndpoint({ port: 0, services: [part], log });
  const { port } = server;
  await send(port, 'PUT', '/lake', { body: '' });
  await send(port, 'PUT', '/lake/k', { body: 'old' });
  full = true;
  const refused = await send(port, 'PUT', '/lake/k', { body: 'new' });
  expect([refused.status, errorCodeOf(refused)]).toEqual([503, 'SlowDown']);
  expect(lines).toEqual([expect.stringMatching(/PUT \/lake\/k failed with ENOSPC, answered 503 SlowDown/)]);
  expect((await send(port, 'GET', '/lake/k')).body).toBe('old');
  expect(await filesBelow(join(root, 'meta', 'tmp'))).toEqual([]);
  full = false;
  expect((await send(port, 'PUT', '/lake/k', { body: 'new' })).status).toBe(200);
  expect((await send(port, 'GET', '/lake/k')).body).toBe('new');
  await server.close();
});

test('an upload in parts goes on after a restart; what was being written then is removed', async () => {
  const first = await startS3(root);
  await send(first.port, 'PUT', '/lake', { body: '' });
  const created = await send(first.port, 'POST', '/lake/parts?uploads', { body: '' });
  const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(created.body)![1];
  const path = `/lake/parts?uploadId=${uploadId}`;
  const { headers } = await send(first.port, 'PUT', `${path}&partNumber=1`, { body: 'content' });
  await first.stop();
  const folder = join(root, 's3-meta', 'uploads', 'lake', uploadId!);
  await writeFile(join(folder, 'half.tmp'), 'half a par');
  await mkdir(join(root, 's3-meta', 'uploads', 'lake', 'half-created'));
  const second = await startS3(root);
  try {
    expect((await filesBelow(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const part = `<Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part>`;
    const body = `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`;
    expect((await send(second.port, 'POST', path, { body })).status).toBe(200);
    expect((await send(second.port, 'GET', '/lake/parts')).body).toBe('content');
    expect(await filesBelow(join(root, 's3-meta', 'uploads'))).toEqual([]);
  } finally {
    await second.stop();
  }
});

describe('a folder that cannot be used gives an error that names it', () => {
  test('a file in its place', async () => {
    await writeFile(join(root, 's3'), 'a file');
    await expect(open()).rejects.toThrow(/S3 folder .*s3 cannot be used: a file is in its place/);
  });
});

test('kill -9 in the middle of writing: all that was acknowledged is there, whole, and nothing is there in part', async () => {
  await rm(root, { recursive: true });
  root = await tempFolder(diskFolder());
  const writer = await program('embedded-aws/dist/test/s3-writer-process.js');
  const acknowledged = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const child: ChildProcess = spawn(process.execPath, ['--no-warnings', writer, root, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout! })) {
      acknowledged.add(line);
      // Keep reading: what it had acknowledged before it died is still in the pipe.
      if (++lines === 60) child.kill('SIGKILL');
    }
    expect((await ended)[1]).toBe('SIGKILL');
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(140);
  const s3 = await startS3(root);
  try {
    const files = (await filesBelow(join(s3.folder, 'crash'))).filter((name) => !name.startsWith('same/'));
    for (const name of files) {
      const answer = await send(s3.port, 'GET', `/crash/${name}`);
      expect(answer.headers['x-amz-meta-md5']).toBe(md5(answer.body));
      expect(answer.headers.etag).toBe(`"${md5(answer.body)}"`);
    }
    for (const line of acknowledged) {
      const [name, digest] = line.split(' ');
      if (name!.startsWith('same/')) continue;
      expect(files).toContain(name);
      expect(md5(await readFile(join(s3.folder, 'crash', name!), 'utf8'))).toBe(digest);
    }
    const overwritten = await send(s3.port, 'GET', '/crash/same/key');
    expect(overwritten.headers['x-amz-meta-md5']).toBe(md5(overwritten.body));
    expect(await filesBelow(join(s3.metaFolder, 'tmp'))).toEqual([]);
    expect(await filesBelow(join(s3.metaFolder, 'objects'))).toHaveLength(files.length + 1);
  } finally {
    await s3.stop();
  }
});
