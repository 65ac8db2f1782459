import { expect } from '@jest/globals';
import type { Answer, Caller, Promised, World } from './caller.js';

async function bucket(caller: Caller, world: World): Promise<string> {
  const Bucket = world.unique('bucket');
  await caller.call('s3', 'CreateBucket', { Bucket });
  return Bucket;
}

const keysOf = ({ Contents = [] }: Answer): string[] => Contents.map(({ Key }: Answer) => Key);

export const s3: Promised[] = [
  {
    line: 'Buckets are made, listed, asked for their location and removed when they are empty.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      const names = async () => (await caller.call('s3', 'ListBuckets')).Buckets.map(({ Name }: Answer) => Name);
      expect(await names()).toContain(Bucket);
      await caller.call('s3', 'HeadBucket', { Bucket });
      await caller.call('s3', 'GetBucketLocation', { Bucket });
      await caller.call('s3', 'PutObject', { Bucket, Key: 'a', Body: 'x' });
      await expect(caller.call('s3', 'DeleteBucket', { Bucket })).rejects.toMatchObject({ name: 'BucketNotEmpty' });
      await caller.call('s3', 'DeleteObject', { Bucket, Key: 'a' });
      await caller.call('s3', 'DeleteBucket', { Bucket });
      expect(await names()).not.toContain(Bucket);
    },
  },
  {
    line: 'An object comes back byte for byte with its type and metadata, under any key: `=`, `%`, `+`, `?`, `#`, spaces and Unicode.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      for (const Key of ['page=books/a b+c%20?#ü😀.json', 'plain']) {
        await caller.call('s3', 'PutObject', {
          ...{ Bucket, Key, Body: `grüße, ${Key}` },
          ...{ ContentType: 'text/plain', Metadata: { origin: 'test' } },
        });
        expect(await caller.call('s3', 'GetObject', { Bucket, Key })).toMatchObject({
          ...{ Body: `grüße, ${Key}`, ContentType: 'text/plain', Metadata: { origin: 'test' } },
          ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
        });
        expect(await caller.call('s3', 'HeadObject', { Bucket, Key })).toMatchObject({
          ContentLength: Buffer.byteLength(`grüße, ${Key}`),
        });
      }
      expect(keysOf(await caller.call('s3', 'ListObjectsV2', { Bucket }))).toEqual([
        'page=books/a b+c%20?#ü😀.json',
        'plain',
      ]);
    },
  },
  {
    line: 'What is not there is NoSuchKey or NoSuchBucket.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      await expect(caller.call('s3', 'GetObject', { Bucket, Key: 'no' })).rejects.toMatchObject({ name: 'NoSuchKey' });
      await expect(caller.call('s3', 'ListObjectsV2', { Bucket: world.unique('no') })).rejects.toMatchObject({
        name: 'NoSuchBucket',
      });
    },
  },
  {
    line: 'GetObject gives a range of bytes, from the front and from the end.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      await caller.call('s3', 'PutObject', { Bucket, Key: 'a', Body: '0123456789' });
      const range = (Range: string) => caller.call('s3', 'GetObject', { Bucket, Key: 'a', Range });
      expect(await range('bytes=2-4')).toMatchObject({ Body: '234', ContentRange: 'bytes 2-4/10' });
      expect(await range('bytes=-3')).toMatchObject({ Body: '789' });
      await expect(range('bytes=20-')).rejects.toMatchObject({ name: 'InvalidRange' });
    },
  },
  {
    line: 'ListObjectsV2 lists by prefix and delimiter, in pages, and from a key on.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      for (const Key of ['a/1', 'a/2', 'b/1', 'c']) await caller.call('s3', 'PutObject', { Bucket, Key, Body: Key });
      const list = (input: object) => caller.call('s3', 'ListObjectsV2', { Bucket, ...input });
      const folders = await list({ Delimiter: '/' });
      expect(folders.CommonPrefixes).toEqual([{ Prefix: 'a/' }, { Prefix: 'b/' }]);
      expect(keysOf(folders)).toEqual(['c']);
      expect(keysOf(await list({ Prefix: 'a/' }))).toEqual(['a/1', 'a/2']);
      expect(keysOf(await list({ StartAfter: 'a/2' }))).toEqual(['b/1', 'c']);
      const first = await list({ MaxKeys: 3 });
      expect(first).toMatchObject({ IsTruncated: true, KeyCount: 3 });
      const second = await list({ MaxKeys: 3, ContinuationToken: first.NextContinuationToken });
      expect([...keysOf(first), ...keysOf(second)]).toEqual(['a/1', 'a/2', 'b/1', 'c']);
      expect(keysOf(await caller.call('s3', 'ListObjects', { Bucket, Marker: 'b/1' }))).toEqual(['c']);
    },
  },
  {
    line: 'A multipart upload is made, listed, completed and read as one object; another is aborted.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      const parts = ['a'.repeat(5 * 1024 * 1024), 'end'];
      const { UploadId } = await caller.call('s3', 'CreateMultipartUpload', { Bucket, Key: 'large' });
      const Parts: object[] = [];
      for (const [index, Body] of parts.entries()) {
        const PartNumber = index + 1;
        const { ETag } = await caller.call('s3', 'UploadPart', { Bucket, Key: 'large', UploadId, PartNumber, Body });
        Parts.push({ ETag, PartNumber });
      }
      const listed = await caller.call('s3', 'ListParts', { Bucket, Key: 'large', UploadId });
      expect(listed.Parts).toHaveLength(2);
      const MultipartUpload = { Parts };
      await caller.call('s3', 'CompleteMultipartUpload', { Bucket, Key: 'large', UploadId, MultipartUpload });
      const { Body } = await caller.call('s3', 'GetObject', { Bucket, Key: 'large' });
      expect(Body === parts.join('')).toBe(true);

      const other = await caller.call('s3', 'CreateMultipartUpload', { Bucket, Key: 'other' });
      expect((await caller.call('s3', 'ListMultipartUploads', { Bucket })).Uploads).toHaveLength(1);
      await caller.call('s3', 'AbortMultipartUpload', { Bucket, Key: 'other', UploadId: other.UploadId });
      expect((await caller.call('s3', 'ListMultipartUploads', { Bucket })).Uploads ?? []).toEqual([]);
    },
  },
  {
    line: 'CopyObject copies within and between buckets.',
    async check(caller, world) {
      const [Bucket, other] = [await bucket(caller, world), await bucket(caller, world)];
      await caller.call('s3', 'PutObject', { Bucket, Key: 'a', Body: 'x', ContentType: 'text/plain' });
      await caller.call('s3', 'CopyObject', { Bucket: other, Key: 'b', CopySource: `${Bucket}/a` });
      expect(await caller.call('s3', 'GetObject', { Bucket: other, Key: 'b' })).toMatchObject({
        Body: 'x',
        ContentType: 'text/plain',
      });
    },
  },
  {
    line: 'DeleteObjects removes many at once; what is not there is no failure.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      for (const Key of ['a', 'b', 'c']) await caller.call('s3', 'PutObject', { Bucket, Key, Body: Key });
      const Delete = { Objects: [{ Key: 'a' }, { Key: 'b' }, { Key: 'nowhere' }] };
      const { Deleted, Errors = [] } = await caller.call('s3', 'DeleteObjects', { Bucket, Delete });
      expect(Deleted).toHaveLength(3);
      expect(Errors).toEqual([]);
      expect(keysOf(await caller.call('s3', 'ListObjectsV2', { Bucket }))).toEqual(['c']);
    },
  },
  {
    line: 'Conditions hold: a put with If-None-Match does not replace, a get with If-Match wants the same ETag.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      const put = () => caller.call('s3', 'PutObject', { Bucket, Key: 'a', Body: 'x', IfNoneMatch: '*' });
      const { ETag } = await put();
      await expect(put()).rejects.toMatchObject({ name: 'PreconditionFailed' });
      expect(await caller.call('s3', 'GetObject', { Bucket, Key: 'a', IfMatch: ETag })).toMatchObject({ Body: 'x' });
      await expect(caller.call('s3', 'GetObject', { Bucket, Key: 'a', IfMatch: '"0"' })).rejects.toMatchObject({
        name: 'PreconditionFailed',
      });
    },
  },
  {
    line: 'A checksum that does not match is refused, and nothing is stored.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      await expect(
        caller.call('s3', 'PutObject', { Bucket, Key: 'a', Body: 'x', ChecksumCRC32: 'AAAAAA==' }),
      ).rejects.toMatchObject({ name: expect.stringMatching(/BadDigest|InvalidRequest/) });
      expect(keysOf(await caller.call('s3', 'ListObjectsV2', { Bucket }))).toEqual([]);
    },
  },
  {
    line: 'SelectObjectContent runs SQL over JSON Lines: the walkthrough’s `SELECT * FROM s3object s LIMIT 5`, and a WHERE.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      const rows = Array.from({ length: 8 }, (_, n) => ({ page: n % 2 ? 'books' : 'food', n }));
      await caller.call('s3', 'PutObject', {
        Bucket,
        Key: 'a',
        Body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
      });
      const select = async (Expression: string) => {
        const { Body } = await caller.call('s3', 'SelectObjectContent', {
          ...{ Bucket, Key: 'a', ExpressionType: 'SQL', Expression },
          InputSerialization: { CompressionType: 'NONE', JSON: { Type: 'LINES' } },
          OutputSerialization: { JSON: {} },
        });
        return Body.trim()
          .split('\n')
          .map((line: string) => JSON.parse(line));
      };
      expect(await select('SELECT * FROM s3object s LIMIT 5')).toEqual(rows.slice(0, 5));
      expect(await select("SELECT s.n FROM s3object s WHERE s.page = 'books' AND s.n > 4")).toEqual([
        { n: 5 },
        { n: 7 },
      ]);
    },
  },
  {
    line: 'What S3 has and this endpoint has not (GetBucketAcl, PutObjectTagging) is NotImplemented, with its name.',
    async check(caller, world) {
      const Bucket = await bucket(caller, world);
      await expect(caller.call('s3', 'GetBucketAcl', { Bucket })).rejects.toMatchObject({
        name: 'NotImplemented',
        message: expect.stringMatching(/GetBucketAcl.*embedded-aws\.md/),
      });
      await caller.call('s3', 'PutObject', { Bucket, Key: 'a', Body: 'x' });
      const Tagging = { TagSet: [{ Key: 'k', Value: 'v' }] };
      await expect(caller.call('s3', 'PutObjectTagging', { Bucket, Key: 'a', Tagging })).rejects.toMatchObject({
        name: 'NotImplemented',
        message: expect.stringContaining('PutObjectTagging'),
      });
    },
  },
];
