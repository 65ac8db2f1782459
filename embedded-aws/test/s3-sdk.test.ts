import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { filesBelow, startS3, type TestS3 } from './s3-helpers.js';

let s3: TestS3;
const Bucket = 'millrace-lake';
beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  if (process.env.S3_LOG) console.log(s3.log);
  await s3.stop();
});

const put = (Key: string, Body: string | Buffer | Readable, more: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key: string, more: object = {}) => s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const text = async (Key: string) => (await get(Key)).Body!.transformToString();
const failure = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason as { name: string; message: string; $metadata: { httpStatusCode?: number } },
  );
  return error && { name: error.name, status: error.$metadata?.httpStatusCode };
};

describe('buckets', () => {
  test('are created, created again, found, listed and deleted', async () => {
    const name = { Bucket: 'second-bucket' };
    expect((await s3.client.send(new CreateBucketCommand(name))).Location).toBe('/second-bucket');
    await s3.client.send(new CreateBucketCommand(name));
    expect((await s3.client.send(new HeadBucketCommand(name))).BucketRegion).toBe('us-east-1');
    expect((await s3.client.send(new GetBucketLocationCommand(name))).LocationConstraint).toBeUndefined();
    const { Buckets } = await s3.client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['millrace-lake', 'second-bucket']);
    expect(Math.abs(Buckets![1]!.CreationDate!.getTime() - Date.now())).toBeLessThan(3_600_000);
    await s3.client.send(new DeleteBucketCommand(name));
    expect(await failure(s3.client.send(new HeadBucketCommand(name)))).toMatchObject({ status: 404 });
  });

  test('that hold an object are not deleted', async () => {
    const full = { Bucket: 'full-bucket' };
    await s3.client.send(new CreateBucketCommand(full));
    await s3.client.send(new PutObjectCommand({ ...full, Key: 'a/b', Body: 'x' }));
    expect(await failure(s3.client.send(new DeleteBucketCommand(full)))).toEqual({
      name: 'BucketNotEmpty',
      status: 409,
    });
    await s3.client.send(new DeleteObjectCommand({ ...full, Key: 'a/b' }));
    await s3.client.send(new DeleteBucketCommand(full));
  });

  test('that do not exist are named as such, by every operation', async () => {
    const Nowhere = { Bucket: 'no-such-bucket', Key: 'k' };
    const works = [
      () => s3.client.send(new PutObjectCommand({ ...Nowhere, Body: 'x' })),
      () => s3.client.send(new GetObjectCommand(Nowhere)),
      () => s3.client.send(new DeleteObjectCommand(Nowhere)),
      () => s3.client.send(new ListObjectsV2Command(Nowhere)),
      () => s3.client.send(new CreateMultipartUploadCommand(Nowhere)),
      () => s3.client.send(new DeleteBucketCommand(Nowhere)),
      () => s3.client.send(new CopyObjectCommand({ ...Nowhere, CopySource: `${Bucket}/k` })),
    ];
    for (const work of works) expect(await failure(work())).toEqual({ name: 'NoSuchBucket', status: 404 });
  });
});

describe('objects', () => {
  test('are the files that their keys name, and nothing else is in the bucket', async () => {
    const Key = 'page=books/event=clicked_review/clickstream-1-2026.gz';
    const body = randomBytes(100_000);
    await put(Key, body, { ContentType: 'application/x-ndjson' });
    expect(body.equals(await readFile(join(s3.folder, Bucket, Key)))).toBe(true);
    expect((await filesBelow(join(s3.folder, Bucket))).filter((name) => name.startsWith('page='))).toEqual([Key]);
  });

  test('keep type, encoding, other headers and user metadata', async () => {
    await put('kept', 'body', {
      ContentType: 'text/plain; charset=utf-8',
      ContentEncoding: 'gzip',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="x.txt"',
      ContentLanguage: 'de',
      Metadata: { origin: 'a test', other: '2' },
    });
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'kept' }));
    const etag = `"${createHash('md5').update('body').digest('hex')}"`;
    expect(head).toMatchObject({
      ContentType: 'text/plain; charset=utf-8',
      ContentEncoding: 'gzip',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="x.txt"',
      ContentLanguage: 'de',
      Metadata: { origin: 'a test', other: '2' },
      ContentLength: 4,
      ETag: etag,
      AcceptRanges: 'bytes',
    });
    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'kept' }));
    expect(Contents).toMatchObject([{ Key: 'kept', Size: 4, ETag: etag, StorageClass: 'STANDARD' }]);
    expect(Contents![0]!.LastModified).toEqual(head.LastModified);
  });

  test('streamed with the framing of aws-chunked are stored without it', async () => {
    const body = randomBytes(300_000);
    const pieces = [body.subarray(0, 70_000), body.subarray(70_000)];
    await put('streamed', Readable.from(pieces), { ContentLength: body.length, ContentEncoding: 'gzip' });
    expect(body.equals(await readFile(join(s3.folder, Bucket, 'streamed')))).toBe(true);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'streamed' }));
    expect(head).toMatchObject({ ContentEncoding: 'gzip', ContentLength: 300_000 });
  });

  test('may have awkward keys', async () => {
    const keys = [
      'a b',
      'a+b',
      'a%20b',
      'a=b&c',
      'q?x#y',
      'ümläut/日本/😀',
      'a/../b',
      './x',
      '..',
      'e//f',
      'dir/',
      '/lead',
      '"<>\'&',
      'x\ny',
      '%~z',
      '~',
      '*',
      'a\\b',
      'l'.repeat(1024),
    ];
    for (const key of keys) await put(key, key);
    keys.pop();
    for (const key of keys) await put(`awkward:${key}`, key);
    for (const key of keys) expect(await text(key)).toBe(key);
    const { Contents } = await s3.client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'awkward:', EncodingType: 'url' }),
    );
    expect(Contents!.map(({ Key }) => decodeURIComponent(Key!))).toEqual(
      keys.map((key) => `awkward:${key}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    for (const Key of keys) await s3.client.send(new DeleteObjectCommand({ Bucket, Key }));
    for (const key of keys) expect(await failure(get(key))).toEqual({ name: 'NoSuchKey', status: 404 });
  });

  test('a key and keys below it stand beside each other, whichever came first', async () => {
    for (const Key of ['side', 'side/by', 'side/by/side']) await put(Key, Key);
    for (const Key of ['edis/by/side', 'edis/by', 'edis']) await put(Key, Key);
    await put('side', 'side again');
    for (const Key of ['side/by', 'side/by/side', 'edis', 'edis/by', 'edis/by/side']) expect(await text(Key)).toBe(Key);
    expect(await text('side')).toBe('side again');
    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'side' }));
    expect(Contents!.map(({ Key }) => Key)).toEqual(['side', 'side/by', 'side/by/side']);
    for (const Key of ['side/by', 'side/by/side', 'side'])
      await s3.client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(
      (await filesBelow(join(s3.folder, Bucket))).filter((name) => name.includes('side') && !name.startsWith('edis')),
    ).toEqual([]);
    await put('side', 'plain again');
    expect(await readFile(join(s3.folder, Bucket, 'side'), 'utf8')).toBe('plain again');
  });

  test('that a person copied into the folder are served, with defaults', async () => {
    const folder = join(s3.folder, Bucket, 'by-hand');
    await mkdir(folder);
    await writeFile(join(folder, 'x.json'), '{}');
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'by-hand/x.json' }));
    expect(head).toMatchObject({ ContentLength: 2, ContentType: 'binary/octet-stream' });
    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'by-hand/' }));
    expect(Contents).toMatchObject([{ Key: 'by-hand/x.json', Size: 2, ETag: head.ETag }]);
    await put('by-hand/x.json', '[1]', { ContentType: 'application/json' });
    await writeFile(join(folder, 'x.json'), 'edited by hand');
    const edited = await get('by-hand/x.json');
    expect(edited).toMatchObject({ ContentLength: 14, ContentType: 'binary/octet-stream' });
    expect(await edited.Body!.transformToString()).toBe('edited by hand');
  });

  test('are deleted one by one and many at once; what is not there is no error', async () => {
    await put('gone/1', '1');
    await put('gone/2', '2');
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone/never' }));
    const Objects = ['gone/1', 'gone/2', 'gone/3', 'gone/<&>'].map((Key) => ({ Key }));
    const { Deleted, Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted!.map(({ Key }) => Key)).toEqual(['gone/1', 'gone/2', 'gone/3', 'gone/<&>']);
    expect(Errors).toBeUndefined();
    expect((await filesBelow(s3.folder)).filter((name) => name.includes('gone'))).toEqual([]);
    const quiet = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    expect(quiet.Deleted).toBeUndefined();
  });

  test('are copied with their metadata, or with new metadata', async () => {
    await put('copy/söurce +%', 'content', { ContentType: 'text/x', Metadata: { a: '1' } });
    const CopySource = `${Bucket}/${encodeURIComponent('copy/söurce +%')}`;
    const result = await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource }));
    expect(result.CopyObjectResult!.ETag).toBe(`"${createHash('md5').update('content').digest('hex')}"`);
    expect(await get('copy/to')).toMatchObject({ ContentType: 'text/x', Metadata: { a: '1' } });
    await s3.client.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'copy/to',
        CopySource,
        MetadataDirective: 'REPLACE',
        ContentType: 'text/y',
      }),
    );
    expect(await get('copy/to')).toMatchObject({ ContentType: 'text/y', Metadata: {} });
    const onItself = new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource: `${Bucket}/copy/to` });
    expect(await failure(s3.client.send(onItself))).toEqual({ name: 'InvalidRequest', status: 400 });
    const ofNothing = new CopyObjectCommand({ Bucket, Key: 'x', CopySource: `${Bucket}/copy/nothing` });
    expect(await failure(s3.client.send(ofNothing))).toEqual({ name: 'NoSuchKey', status: 404 });
  });
});

describe('reads', () => {
  const range = async (Range: string) => {
    const { Body, ContentRange, $metadata } = await get('digits', { Range });
    return [$metadata.httpStatusCode, await Body!.transformToString(), ContentRange];
  };

  test('of ranges', async () => {
    await put('digits', '0123456789');
    expect(await range('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10']);
    expect(await range('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10']);
    expect(await range('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10']);
    expect(await range('bytes=5-99')).toEqual([206, '56789', 'bytes 5-9/10']);
    expect(await range('bytes=4-2')).toEqual([200, '0123456789', undefined]);
    expect(await failure(get('digits', { Range: 'bytes=10-' }))).toEqual({ name: 'InvalidRange', status: 416 });
  });

  test('under conditions', async () => {
    const { ETag } = await put('conditional', 'x');
    const past = new Date(Date.now() - 3_600_000);
    const future = new Date(Date.now() + 3_600_000);
    for (const met of [
      { IfMatch: ETag },
      { IfNoneMatch: '"other"' },
      { IfModifiedSince: past },
      { IfUnmodifiedSince: future },
      { IfMatch: ETag, IfUnmodifiedSince: past },
    ])
      expect((await get('conditional', met)).$metadata.httpStatusCode).toBe(200);
    for (const unmet of [{ IfMatch: '"other"' }, { IfUnmodifiedSince: past }])
      expect(await failure(get('conditional', unmet))).toEqual({ name: 'PreconditionFailed', status: 412 });
    for (const notModified of [{ IfNoneMatch: ETag }, { IfNoneMatch: '*' }])
      expect(await failure(get('conditional', notModified))).toMatchObject({ status: 304 });
  });

  test('with headers that the query overrides', async () => {
    await put('overridden', 'x', { ContentType: 'text/a' });
    const got = await get('overridden', { ResponseContentType: 'text/b', ResponseCacheControl: 'no-store' });
    expect(got).toMatchObject({ ContentType: 'text/b', CacheControl: 'no-store' });
    const unfit = get('overridden', { ResponseContentDisposition: 'attachment; filename="日"' });
    expect(await failure(unfit)).toEqual({ name: 'InvalidArgument', status: 400 });
  });
});

describe('conditional writes', () => {
  test('If-None-Match: * lets exactly one of many writers through', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, i) => failure(put('only-once', `writer ${i}`, { IfNoneMatch: '*' }))),
    );
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome?.name === 'PreconditionFailed' && outcome.status === 412)).toHaveLength(
      9,
    );
    expect(await text('only-once')).toBe(`writer ${outcomes.indexOf(undefined)}`);
  });

  test('If-Match lets a write through only over that very object', async () => {
    const { ETag } = await put('compare-and-set', '1');
    await put('compare-and-set', '2', { IfMatch: ETag });
    expect(await failure(put('compare-and-set', '3', { IfMatch: ETag }))).toMatchObject({ name: 'PreconditionFailed' });
    expect(await failure(put('compare-and-set-absent', '3', { IfMatch: ETag }))).toMatchObject({ name: 'NoSuchKey' });
    expect(await text('compare-and-set')).toBe('2');
  });
});

describe('checksums', () => {
  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    '%s is verified, kept and given back',
    async (algorithm) => {
      const body = randomBytes(10_001);
      const header = `Checksum${algorithm}` as const;
      const value = {
        CRC32: undefined,
        CRC32C: undefined,
        CRC64NVME: undefined,
        SHA1: createHash('sha1').update(body).digest('base64'),
        SHA256: createHash('sha256').update(body).digest('base64'),
      }[algorithm];
      // The SDK computes the ones that Node has no function for, and checks the answer by itself.
      const sent = await put(`sum/${algorithm}`, body, value ? { [header]: value } : { ChecksumAlgorithm: algorithm });
      expect(sent[header]).toBeDefined();
      const got = await get(`sum/${algorithm}`, { ChecksumMode: 'ENABLED' });
      expect(got[header]).toBe(sent[header]);
      expect(got.ChecksumType).toBe('FULL_OBJECT');
      expect(body.equals(await got.Body!.transformToByteArray())).toBe(true);
      const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: `sum/${algorithm}` }));
      expect(Contents!.find(({ Key }) => Key === `sum/${algorithm}`)!.ChecksumAlgorithm).toEqual([algorithm]);
    },
  );

  test.each([
    ['ChecksumCRC32', 'AAAAAA=='],
    ['ChecksumCRC32C', 'AAAAAA=='],
    ['ChecksumCRC64NVME', 'AAAAAAAAAAA='],
    ['ChecksumSHA1', createHash('sha1').digest('base64')],
    ['ChecksumSHA256', createHash('sha256').digest('base64')],
    ['ContentMD5', createHash('md5').digest('base64')],
  ])('a wrong %s is refused, and the object that was there stays', async (name, value) => {
    await put('guarded', 'old');
    expect(await failure(put('guarded', 'new', { [name]: value }))).toEqual({ name: 'BadDigest', status: 400 });
    expect(await text('guarded')).toBe('old');
  });
});

describe('listings', () => {
  const bucket = { Bucket: 'list-bucket' };
  const keys = [
    'a',
    'a-b',
    'a/1',
    'a/2',
    'a/b/3',
    'b/',
    'b/4',
    'c\u{10000}',
    'c\uffee',
    'page=books/event=x/5',
    'page=food/event=y/6',
  ];
  beforeAll(async () => {
    await s3.client.send(new CreateBucketCommand(bucket));
    for (const Key of [...keys].reverse()) await s3.client.send(new PutObjectCommand({ ...bucket, Key, Body: Key }));
    await mkdir(join(s3.folder, bucket.Bucket, 'empty', 'folder'), { recursive: true });
  });
  const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const all = async (input: object) => {
    const found: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.client.send(new ListObjectsV2Command({ ...bucket, ...input, ContinuationToken }));
      expect(page.KeyCount).toBe((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0));
      const names = [
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ];
      found.push(...names);
      expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    return found;
  };

  test('are in the order of the keys as UTF-8, whatever the page size', async () => {
    for (const MaxKeys of [1, 2, 3, 1000]) expect(await all({ MaxKeys })).toEqual(inOrder);
    expect(await all({ MaxKeys: 0 })).toEqual([]);
  });

  test('narrow to a prefix', async () => {
    expect(await all({ Prefix: 'a' })).toEqual(['a', 'a-b', 'a/1', 'a/2', 'a/b/3']);
    expect(await all({ Prefix: 'a/' })).toEqual(['a/1', 'a/2', 'a/b/3']);
    expect(await all({ Prefix: 'page=books/ev' })).toEqual(['page=books/event=x/5']);
    expect(await all({ Prefix: '../' })).toEqual([]);
    expect(await all({ Prefix: 'nothing/here' })).toEqual([]);
  });

  test('roll up to common prefixes, each once, without empty folders', async () => {
    const sorted = async (input: object) => (await all(input)).sort();
    for (const MaxKeys of [1, 2, 1000]) {
      expect(await sorted({ Delimiter: '/', MaxKeys })).toEqual([
        'a',
        'a-b',
        'a/',
        'b/',
        'c\u{10000}',
        'c\uffee',
        'page=books/',
        'page=food/',
      ]);
      expect(await sorted({ Delimiter: '/', Prefix: 'a/', MaxKeys })).toEqual(['a/1', 'a/2', 'a/b/']);
      expect(await sorted({ Delimiter: '=', Prefix: 'p', MaxKeys })).toEqual(['page=']);
      expect(await sorted({ Delimiter: 'event=', MaxKeys, Prefix: 'page' })).toEqual([
        'page=books/event=',
        'page=food/event=',
      ]);
    }
    expect(await all({ Delimiter: '/', Prefix: 'b/' })).toEqual(['b/', 'b/4']);
  });

  test('start after a key', async () => {
    expect(await all({ StartAfter: 'a/2' })).toEqual(inOrder.slice(inOrder.indexOf('a/2') + 1));
    expect(await all({ StartAfter: 'a/1', Delimiter: '/', Prefix: '' })).toContain('a/');
    expect(await all({ StartAfter: 'zzz' })).toEqual([]);
  });

  test('version 1 pages with markers', async () => {
    const found: (string | undefined)[] = [];
    let Marker: string | undefined;
    for (;;) {
      const page = await s3.client.send(new ListObjectsCommand({ ...bucket, Delimiter: '/', MaxKeys: 1, Marker }));
      found.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      );
      if (!page.IsTruncated) break;
      Marker = page.NextMarker;
    }
    expect(found.sort()).toEqual(['a', 'a-b', 'a/', 'b/', 'c\u{10000}', 'c\uffee', 'page=books/', 'page=food/']);
    const rest = await s3.client.send(new ListObjectsCommand({ ...bucket, Marker: 'a/2', MaxKeys: 2 }));
    expect(rest.Contents!.map(({ Key }) => Key)).toEqual(['a/b/3', 'b/']);
  });

  test('refuse a token that is none', async () => {
    const forged = new ListObjectsV2Command({ ...bucket, ContinuationToken: 'nonsense' });
    expect(await failure(s3.client.send(forged))).toEqual({ name: 'InvalidArgument', status: 400 });
  });
});

describe('uploads in parts', () => {
  const five = 5 * 1024 * 1024;
  const bodies = [randomBytes(five), randomBytes(five), randomBytes(17)];

  test.each([
    [undefined, undefined],
    ['CRC32', 'COMPOSITE'],
    ['CRC32', 'FULL_OBJECT'],
    ['CRC64NVME', 'FULL_OBJECT'],
    ['SHA256', 'COMPOSITE'],
  ] as const)('become one object (%s %s)', async (ChecksumAlgorithm, ChecksumType) => {
    const Key = `parts/${ChecksumAlgorithm}/${ChecksumType}`;
    const sums = { ChecksumAlgorithm, ChecksumType };
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/parts', Metadata: { m: '1' }, ...sums }),
    );
    const id = { Bucket, Key, UploadId };
    // Out of order, and one of them twice.
    await s3.client.send(new UploadPartCommand({ ...id, PartNumber: 1, Body: 'wrong', ChecksumAlgorithm }));
    const Parts: { PartNumber: number; ETag?: string | undefined }[] = [];
    for (const i of [2, 0, 1]) {
      const sent = await s3.client.send(
        new UploadPartCommand({ ...id, PartNumber: i + 1, Body: bodies[i]!, ChecksumAlgorithm }),
      );
      Parts.push({ PartNumber: i + 1, ...sent });
    }
    Parts.sort((a, b) => a.PartNumber - b.PartNumber);
    const listed = await s3.client.send(new ListPartsCommand({ ...id, MaxParts: 2 }));
    expect(listed.Parts!.map(({ Size }) => Size)).toEqual([five, five]);
    expect(listed).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
    const { Uploads } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads!.map((upload) => upload.UploadId)).toEqual([UploadId]);
    expect(await failure(get(Key))).toMatchObject({ name: 'NoSuchKey' });

    const complete = () => s3.client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload: { Parts } }));
    const done = await complete();
    const md5s = bodies.map((body) => createHash('md5').update(body).digest());
    expect(done.ETag).toBe(`"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`);
    expect((await complete()).ETag).toBe(done.ETag);
    const got = await get(Key, { ChecksumMode: 'ENABLED' });
    expect(got).toMatchObject({ ContentType: 'text/parts', Metadata: { m: '1' }, ETag: done.ETag });
    expect(got.ChecksumType).toBe(ChecksumType);
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(Buffer.concat(bodies))).toBe(true);
    const second = await get(Key, { PartNumber: 3 });
    expect(second).toMatchObject({ PartsCount: 3, ContentLength: 17 });
    expect((await s3.client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  });

  test('are refused when they do not fit together, and gone when aborted', async () => {
    const Key = 'parts/refused';
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const id = { Bucket, Key, UploadId };
    const { ETag } = await s3.client.send(new UploadPartCommand({ ...id, PartNumber: 1, Body: 'small' }));
    await s3.client.send(new UploadPartCommand({ ...id, PartNumber: 2, Body: 'small' }));
    const complete = (...Parts: object[]) =>
      failure(s3.client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload: { Parts } })));
    expect(await complete({ PartNumber: 1, ETag: '"wrong"' })).toEqual({ name: 'InvalidPart', status: 400 });
    expect(await complete({ PartNumber: 3, ETag })).toEqual({ name: 'InvalidPart', status: 400 });
    expect(await complete({ PartNumber: 2, ETag }, { PartNumber: 1, ETag })).toEqual({
      name: 'InvalidPartOrder',
      status: 400,
    });
    expect(await complete({ PartNumber: 1, ETag }, { PartNumber: 2, ETag })).toEqual({
      name: 'EntityTooSmall',
      status: 400,
    });
    await s3.client.send(new AbortMultipartUploadCommand(id));
    expect(await complete({ PartNumber: 1, ETag })).toEqual({ name: 'NoSuchUpload', status: 404 });
    const late = s3.client.send(new UploadPartCommand({ ...id, PartNumber: 1, Body: 'late' }));
    expect(await failure(late)).toEqual({ name: 'NoSuchUpload', status: 404 });
    const astray = { ...id, UploadId: '../../..' };
    expect(await failure(s3.client.send(new ListPartsCommand(astray)))).toEqual({ name: 'NoSuchUpload', status: 404 });
    expect((await filesBelow(s3.metaFolder)).filter((name) => name.startsWith('uploads'))).toEqual([]);
  });

  test('can be copied from other objects', async () => {
    await put('parts/source', Buffer.concat([Buffer.alloc(five, 'a'), Buffer.from('0123456789')]));
    const Key = 'parts/copied';
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const id = { Bucket, Key, UploadId, CopySource: `${Bucket}/parts/source` };
    const Parts: { PartNumber: number; ETag?: string | undefined }[] = [];
    for (const [i, CopySourceRange] of [`bytes=0-${five - 1}`, `bytes=${five + 2}-${five + 4}`].entries()) {
      const copied = await s3.client.send(new UploadPartCopyCommand({ ...id, PartNumber: i + 1, CopySourceRange }));
      Parts.push({ PartNumber: i + 1, ETag: copied.CopyPartResult!.ETag });
    }
    await s3.client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload: { Parts } }));
    expect(await (await get(Key, { Range: 'bytes=-4' })).Body!.transformToString()).toBe('a234');
  });
});

test('what is left out is refused by name', async () => {
  expect(await failure(s3.client.send(new GetBucketAclCommand({ Bucket })))).toEqual({
    name: 'NotImplemented',
    status: 501,
  });
  for (const more of [
    { Tagging: 'a=b' },
    { ServerSideEncryption: 'aws:kms' },
    { StorageClass: 'GLACIER' },
    { ACL: 'public-read' },
  ])
    expect(await failure(put('x', 'x', more))).toEqual({ name: 'NotImplemented', status: 501 });
});
