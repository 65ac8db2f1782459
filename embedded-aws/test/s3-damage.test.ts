import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { flipBit, spoilFile, spoils } from '@millrace/testing/spoil-file';
import { hashOfKey } from '../src/s3/store/metadata-file.js';
import { openObjectStore } from '../src/s3/store/object-store.js';
import { createRequireWhole } from '../src/s3/store/verify-content.js';
import { type Answer, errorCodeOf, filesBelow, send, startS3, type TestS3, tempFolder } from './s3-helpers.js';

let root: string;
let s3: TestS3;
beforeEach(async () => {
  root = await tempFolder();
  s3 = await startS3(root);
  await send(s3.port, 'PUT', '/lake', { body: '' });
});
afterEach(async () => {
  await s3.stop();
  await rm(root, { recursive: true, force: true });
});

const metadataOf = (key: string) => join(s3.metaFolder, 'objects', 'lake', `${hashOfKey(key)}.json`);
const fileOf = (key: string) => join(s3.folder, 'lake', key);
const body = 'a line\n'.repeat(400);
const get = (key: string, headers = {}) => send(s3.port, 'GET', `/lake/${key}`, { headers });

/** What is remembered of files is gone. */
async function restart(): Promise<void> {
  await s3.stop();
  s3 = await startS3(root);
}

async function putInParts(
  key: string,
  parts: (string | Buffer)[],
): Promise<{ path: string; folder: string; complete: string }> {
  const created = await send(s3.port, 'POST', `/lake/${key}?uploads`, { body: '' });
  const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(created.body)![1]!;
  const path = `/lake/${key}?uploadId=${uploadId}`;
  const etags = [];
  for (const [i, part] of parts.entries())
    etags.push((await send(s3.port, 'PUT', `${path}&partNumber=${i + 1}`, { body: part })).headers.etag);
  const listed = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const complete = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
  return { path, folder: join(s3.metaFolder, 'uploads', 'lake', uploadId), complete };
}

const expectNamed = (answer: Answer, what: string | RegExp) => {
  expect([answer.status, errorCodeOf(answer)]).toEqual([500, 'InternalError']);
  expect(answer.body).toMatch(what);
  expect(s3.log.join('\n')).toMatch(what);
};

describe('a damaged object is an error that names it, and its neighbours are read', () => {
  test.each(Object.entries(spoils))('%s', async (_, spoil) => {
    const crc = { 'x-amz-checksum-crc32c': 'yZRlqg==' };
    await send(s3.port, 'PUT', '/lake/md5', { body });
    await send(s3.port, 'PUT', '/lake/crc32c', { body: 'hello world', headers: crc });
    await send(s3.port, 'PUT', '/lake/neighbour', { body });
    for (const key of ['md5', 'crc32c']) {
      spoilFile(fileOf(key), spoil);
      expectNamed(await get(key), `The object ${key} of the bucket lake is damaged`);
      expectNamed(await get(key, { range: 'bytes=1-3' }), 'is damaged');
      const copied = await send(s3.port, 'PUT', '/lake/copy', { headers: { 'x-amz-copy-source': `/lake/${key}` } });
      expectNamed(copied, 'is damaged');
      expect((await get('copy')).status).toBe(404);
      expect((await get('neighbour')).body).toBe(body);
    }
    expect((await send(s3.port, 'PUT', '/lake/md5', { body: 'new' })).status).toBe(200);
    expect((await get('md5')).body).toBe('new');
    expect((await send(s3.port, 'DELETE', '/lake/crc32c')).status).toBe(204);
  });

  test('an answer that has begun breaks off before its end', async () => {
    const { path, complete } = await putInParts('parts', [Buffer.alloc(5 * 1024 * 1024, body), body]);
    await send(s3.port, 'POST', path, { body: complete });
    expect((await get('parts')).headers.etag).toMatch(/-2"$/);
    for (const part of [0.01, 0.5, 0.9999]) {
      spoilFile(fileOf('parts'), flipBit(part));
      await expect(get('parts')).rejects.toThrow();
      expectNamed(await get('parts', { range: 'bytes=0-1' }), 'The object parts of the bucket lake is damaged');
      spoilFile(fileOf('parts'), flipBit(part));
    }
    expect((await get('parts')).status).toBe(200);
  });

  test('a part is trusted for ten seconds after all of its object was read', async () => {
    await send(s3.port, 'PUT', '/lake/k', { body });
    let nowMs = 0;
    const requireWhole = createRequireWhole(() => nowMs);
    const store = await openObjectStore({ folder: s3.folder, metaFolder: s3.metaFolder, log: () => {} });
    const { object, handle } = (await store.open('lake', 'k'))!;
    try {
      await requireWhole('lake', object, handle);
      spoilFile(fileOf('k'), flipBit(0.5));
      nowMs = 9_000;
      await requireWhole('lake', object, handle);
      nowMs = 10_000;
      await expect(requireWhole('lake', object, handle)).rejects.toThrow('The object k of the bucket lake is damaged');
    } finally {
      await handle.close();
    }
  });

  test('a file that a person put there, in place of an object or beside, has no checksum and is read', async () => {
    await send(s3.port, 'PUT', '/lake/replaced', { body });
    await writeFile(fileOf('replaced'), 'mine');
    await writeFile(fileOf('added'), 'mine, too');
    expect([(await get('replaced')).body, (await get('added', { range: 'bytes=0-3' })).body]).toEqual(['mine', 'mine']);
  });

  test('objects of 0.1.0, whose metadata have no checksum, are read and checked', async () => {
    await send(s3.port, 'PUT', '/lake/old', { body, headers: { 'content-type': 'text/plain' } });
    const { data } = JSON.parse(await readFile(metadataOf('old'), 'utf8'));
    await writeFile(metadataOf('old'), JSON.stringify(data));
    await restart();
    const read = await get('old');
    expect([read.body, read.headers['content-type']]).toEqual([body, 'text/plain']);
    spoilFile(fileOf('old'), flipBit(0.3));
    expectNamed(await get('old'), 'The object old of the bucket lake is damaged');
  });
});

describe('damaged metadata are an error that names their file, and the object can be listed, put and deleted', () => {
  test.each(Object.entries(spoils))('%s', async (_, spoil) => {
    for (const key of ['k', 'l', 'neighbour']) await send(s3.port, 'PUT', `/lake/${key}`, { body });
    for (const key of ['k', 'l']) await writeFile(metadataOf(key), spoil(await readFile(metadataOf(key))));
    await restart();
    for (const key of ['k', 'l']) {
      expectNamed(await get(key), new RegExp(`${hashOfKey(key)}.json .*put the object again, or delete this file`));
      expect((await send(s3.port, 'HEAD', `/lake/${key}`)).status).toBe(500);
    }
    expect((await get('neighbour')).body).toBe(body);
    const listed = await send(s3.port, 'GET', '/lake?list-type=2');
    expect(listed.body.match(/<Key>.*?<\/Key>/g)).toEqual(['<Key>k</Key>', '<Key>l</Key>', '<Key>neighbour</Key>']);
    const conditional = await send(s3.port, 'PUT', '/lake/k', { body: 'new', headers: { 'if-match': '"x"' } });
    expect(conditional.status).toBe(500);
    expect((await send(s3.port, 'PUT', '/lake/k', { body: 'new' })).status).toBe(200);
    expect((await send(s3.port, 'DELETE', '/lake/l')).status).toBe(204);
    await restart();
    expect([(await get('k')).body, (await get('l')).status]).toEqual(['new', 404]);
  });

  test('of another key, as a copy under a wrong name', async () => {
    await send(s3.port, 'PUT', '/lake/k', { body });
    await writeFile(metadataOf('other'), await readFile(metadataOf('k')));
    await writeFile(fileOf('other'), body);
    await restart();
    expectNamed(await get('other'), 'is of the key k');
  });
});

describe('a damaged upload in parts is an error that names its file, and never an object', () => {
  test.each(Object.entries(spoils))('%s', async (_, spoil) => {
    const { path, folder, complete } = await putInParts('big', [body]);
    const [partFile] = (await filesBelow(folder)).filter((name) => name.endsWith('.part'));
    for (const name of [partFile!, '1.json', 'upload.json']) {
      const whole = await readFile(join(folder, name));
      await writeFile(join(folder, name), spoil(whole));
      await restart();
      expectNamed(await send(s3.port, 'POST', path, { body: complete }), /is damaged|is not a millrace-s3-upload file/);
      expect((await send(s3.port, 'GET', '/lake?uploads')).status).toBe(200);
      expect((await get('big')).status).toBe(404);
      await writeFile(join(folder, name), whole);
    }
    await restart();
    expect((await send(s3.port, 'POST', path, { body: complete })).status).toBe(200);
    expect((await get('big')).body).toBe(body);
  });

  test('a damaged part can be uploaded again', async () => {
    const { path, folder, complete } = await putInParts('big', [body]);
    await writeFile(join(folder, '1.json'), '{}');
    expect((await send(s3.port, 'PUT', `${path}&partNumber=1`, { body })).status).toBe(200);
    expect((await send(s3.port, 'POST', path, { body: complete })).status).toBe(200);
    expect((await get('big')).body).toBe(body);
  });
});
