import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateStreamCommand, type KinesisClient, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kinesisClient } from '@millrace/testing/kinesis-client';
import { type Endpoint, startEndpoint } from '../src/endpoint.js';
import { createAwsClients } from '../src/firehose/aws-clients.js';
import { embeddedPorts } from '../src/firehose/embedded-ports.js';
import type { DeliveryPorts, StreamSource } from '../src/firehose/ports.js';
import { type Kinesis, openKinesis } from '../src/kinesis/index.js';
import { openS3, type S3 } from '../src/s3/index.js';
import { type Disk, nodeDisk } from '../src/s3/store/disk.js';

/** Kinesis and S3 at an endpoint, read and written by delivery's ports in this process and over HTTP. */
let folder: string;
let kinesis: Kinesis;
let s3: S3;
let endpoint: Endpoint;
let client: KinesisClient;
let s3Client: S3Client;
const ports = {} as Record<'in this process' | 'over HTTP', DeliveryPorts>;
let nowMs = Date.now();
const never = new AbortController().signal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'delivery-ports-'));
  const log = () => {};
  kinesis = await openKinesis({ folder: join(folder, 'kinesis'), log, now: () => nowMs });
  s3 = await openS3({ folder: join(folder, 's3'), metaFolder: join(folder, 's3-meta'), log });
  endpoint = await startEndpoint({ port: 0, services: [kinesis, s3], log });
  ports['in this process'] = embeddedPorts(kinesis, s3);
  ports['over HTTP'] = createAwsClients(endpoint.url);
  client = kinesisClient(endpoint.url);
  s3Client = new S3Client({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });
  await s3Client.send(new CreateBucketCommand({ Bucket: 'lake' }));
  await client.send(new CreateStreamCommand({ StreamName: 'clicks', ShardCount: 2 }));
  await client.send(
    new SplitShardCommand({
      StreamName: 'clicks',
      ShardToSplit: 'shardId-000000000000',
      NewStartingHashKey: String(2n ** 126n),
    }),
  );
  await client.send(
    new PutRecordsCommand({
      StreamName: 'clicks',
      Records: ['', 'ä{"a":1}\n{"a":2}', 'x'.repeat(30_000)].map((text, n) => ({
        PartitionKey: `visitor ${n} "é"`,
        ExplicitHashKey: '0',
        Data: Buffer.concat([Buffer.from(text), Buffer.from([0, 255, n])]),
      })),
    }),
  );
  // The children of a shard begin up to a second later.
  nowMs += 5_000;
});
afterAll(async () => {
  for (const each of Object.values(ports)) each.close();
  client.destroy();
  s3Client.destroy();
  await endpoint.close();
  await kinesis.close();
  await s3.close();
  await rm(folder, { recursive: true });
});

const both = Object.keys({ 'in this process': 0, 'over HTTP': 0 } satisfies Record<keyof typeof ports, 0>) as (
  | 'in this process'
  | 'over HTTP'
)[];
/** The name of the error that the work ends with. */
const failure = (work: Promise<unknown>) => work.then(() => 'none').catch((error: Error) => error.name);
/** A shard's limits are whole again a second later. */
const aSecondLater = () => {
  nowMs += 1_000;
};

describe('a source reads the same in this process as over HTTP', () => {
  const sources = () => both.map((name): [string, StreamSource] => [name, ports[name].source('clicks')]);

  test('shards with their parents, retention, and records of any bytes in pages', async () => {
    const found = [];
    for (const [, source] of sources()) {
      aSecondLater();
      const shards = await source.shards(never);
      const first = await source.read(await source.iterator('shardId-000000000002', undefined, never), 2, never);
      const rest = await source.read(first.next!, 2, never);
      const after = await source.iterator('shardId-000000000002', first.records[0]!.sequenceNumber, never);
      const again = await source.read(after, 10, never);
      found.push({
        shards,
        retention: await source.retentionMs(never),
        records: [...first.records, ...rest.records],
        again: again.records,
        behindMs: [first, rest].map(({ behindMs }) => behindMs! > 0),
      });
    }
    const [embedded, overHttp] = found;
    expect(embedded).toEqual(overHttp);
    expect(embedded!.shards.map(({ parents }) => parents.length)).toEqual([0, 0, 1, 1]);
    expect(embedded!.records.map(({ data }) => data.length)).toEqual([3, 20, 30_003]);
    expect(embedded!.again).toEqual(embedded!.records.slice(1));
    expect(embedded!.behindMs).toEqual([true, false]);
  });

  test('a closed shard ends, an open one does not', async () => {
    for (const [, source] of sources()) {
      aSecondLater();
      const read = async (shardId: string) => source.read(await source.iterator(shardId, undefined, never), 10, never);
      expect((await read('shardId-000000000000')).next).toBeUndefined();
      expect((await read('shardId-000000000001')).next).toEqual(expect.any(String));
    }
  });

  test('errors have the names that AWS gives them, and a shard gives five reads a second to all readers together', async () => {
    for (const name of both) {
      aSecondLater();
      const source = ports[name].source('clicks');
      const iterator = await source.iterator('shardId-000000000001', undefined, never);
      const reads = [];
      for (let read = 0; read < 6; read++) reads.push(await failure(source.read(iterator, 10, never)));
      expect(reads).toEqual([...Array(5).fill('none'), 'ProvisionedThroughputExceededException']);
      expect(await failure(source.iterator('shardId-000000000009', undefined, never))).toBe(
        'ResourceNotFoundException',
      );
      expect(await failure(source.iterator('shardId-000000000001', '1', never))).toBe('InvalidArgumentException');
      expect(await failure(ports[name].source('none').shards(never))).toBe('ResourceNotFoundException');
      nowMs += 301_000;
      expect(await failure(source.read(iterator, 10, never))).toBe('ExpiredIteratorException');
    }
  });

  test('only the one in this process says when a shard may have changed', async () => {
    const [[, embedded], [, overHttp]] = sources() as [[string, StreamSource], [string, StreamSource]];
    expect(overHttp.changes).toBeUndefined();
    const before = embedded.changes!();
    await embedded.shards(never);
    expect(embedded.changes!()).toBe(before);
    await client.send(new CreateStreamCommand({ StreamName: 'another', ShardCount: 1 }));
    expect(embedded.changes!()).toBe(before + 1);
  });
});

describe('a sink writes the same in this process as over HTTP', () => {
  const bodies = [Buffer.alloc(0), Buffer.from('{"a":1}\n'), Buffer.alloc(700_000, 'näh')];

  test('an object, with its type, encoding, ETag and checksum', async () => {
    for (const [n, body] of bodies.entries()) {
      const found = [];
      for (const name of both) {
        const key = `page=bücher/${name}+&?/${n}.gz`;
        await ports[name].sink.put({ bucket: 'lake', key, body, ...(n ? { contentEncoding: 'gzip' } : {}) }, never);
        const named = { Bucket: 'lake', Key: key };
        const head = await s3Client.send(new HeadObjectCommand({ ...named, ChecksumMode: 'ENABLED' }));
        const { ETag, ContentType, ContentEncoding, ContentLength, ChecksumCRC32, ChecksumType, Metadata } = head;
        const { Body } = await s3Client.send(new GetObjectCommand(named));
        expect(Buffer.from(await Body!.transformToByteArray()).equals(body)).toBe(true);
        found.push({ ETag, ContentType, ContentEncoding, ContentLength, ChecksumCRC32, ChecksumType, Metadata });
      }
      expect(found[0]).toEqual(found[1]);
      expect(found[0]).toMatchObject({
        ETag: `"${createHash('md5').update(body).digest('hex')}"`,
        ContentType: 'application/octet-stream',
        ChecksumCRC32: expect.any(String),
      });
    }
  });

  test('errors have the names that AWS gives them', async () => {
    const body = Buffer.from('x');
    for (const name of both) {
      const put = (bucket: string, key: string, signal = never) =>
        failure(ports[name].sink.put({ bucket, key, body }, signal));
      expect(await put('none', 'key')).toBe('NoSuchBucket');
      expect(await put('No_Bucket', 'key')).toBe('InvalidBucketName');
      expect(await put('lake', 'ä'.repeat(600))).toBe('KeyTooLongError');
      expect(await put('lake', 'key', AbortSignal.abort())).toBe('AbortError');
    }
  });

  test('on a full disk it is SlowDown, which is logged; there is no object, and with room again there is one', async () => {
    const logged: string[] = [];
    let isFull = false;
    const disk: Disk = {
      ...nodeDisk,
      open: (...given: Parameters<Disk['open']>) =>
        isFull ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) : nodeDisk.open(...given),
    };
    const root = join(folder, 'full');
    const full = await openS3({
      folder: join(root, 's3'),
      metaFolder: join(root, 'meta'),
      log: (line) => logged.push(line),
      disk,
    });
    await mkdir(join(root, 's3', 'lake'));
    const { sink } = embeddedPorts(kinesis, full);
    const put = () => failure(sink.put({ bucket: 'lake', key: 'a/b', body: Buffer.from('x') }, never));
    isFull = true;
    expect(await put()).toBe('SlowDown');
    expect(logged).toEqual([expect.stringMatching(/^S3: PUT \/lake\/a\/b failed with ENOSPC, answered 503 SlowDown/)]);
    expect(await readdir(join(root, 's3', 'lake'))).toEqual([]);
    isFull = false;
    expect(await put()).toBe('none');
    expect(await readdir(join(root, 's3', 'lake', 'a'))).toEqual(['b']);
    await full.close();
  });
});
