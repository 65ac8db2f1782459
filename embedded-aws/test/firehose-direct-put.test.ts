import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamCommandInput,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  ListDeliveryStreamsCommand,
  ListTagsForDeliveryStreamCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
  StartDeliveryStreamEncryptionCommand,
  StopDeliveryStreamEncryptionCommand,
  TagDeliveryStreamCommand,
  UntagDeliveryStreamCommand,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { crc32 } from '@millrace/kit/crc32';
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import { createDirectPut } from '../src/firehose/direct-put/put-records.js';
import { directPutSource } from '../src/firehose/direct-put/source.js';
import { openRecordLog, type RecordLog } from '../src/record-log/record-log.js';
import { scanSegment } from '../src/record-log/scan-segment.js';
import { type Aws, readBucket, startAws } from './firehose-aws.js';
import { destination } from './firehose-fakes.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(diskFolder(), 'millrace-direct-put-'));
});
afterEach(() => rm(folder, { recursive: true, maxRetries: 3 }));

describe('a delivery stream that records are put into', () => {
  let aws: Aws;
  const name = { DeliveryStreamName: 'put-to-lake' };
  type S3Destination = CreateDeliveryStreamCommandInput['ExtendedS3DestinationConfiguration'];

  beforeEach(async () => {
    aws = await startAws(folder);
  });
  afterEach(() => aws.kill());

  const describeStream = async () =>
    (await aws.firehose.send(new DescribeDeliveryStreamCommand(name))).DeliveryStreamDescription!;

  async function create(more: Partial<CreateDeliveryStreamCommandInput> = {}): Promise<void> {
    await aws.firehose.send(
      new CreateDeliveryStreamCommand({
        ...name,
        ExtendedS3DestinationConfiguration: destination as S3Destination,
        ...more,
      }),
    );
    await eventually('ACTIVE', async () => (await describeStream()).DeliveryStreamStatus === 'ACTIVE');
  }

  const event = (seq: number) => ({ page: seq % 2 ? 'books' : 'food', event: 'liked_item', seq });
  const data = (seq: number) => ({ Data: Buffer.from(JSON.stringify(event(seq))) });
  const putBatch = (first: number, count: number) =>
    aws.firehose.send(
      new PutRecordBatchCommand({ ...name, Records: Array.from({ length: count }, (_, index) => data(first + index)) }),
    );
  const delivered = async () =>
    (await readBucket(aws)).flatMap(({ lines }) => lines.map((line) => (JSON.parse(line) as { seq: number }).seq));

  const failure = (work: Promise<unknown>) =>
    work.then(
      () => 'no failure',
      (error: Error) => `${error.name}: ${error.message}`,
    );

  test('delivers them, one and many, partition by partition', async () => {
    await aws.s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
    await create();
    const { RecordId, Encrypted } = await aws.firehose.send(new PutRecordCommand({ ...name, Record: data(0) }));
    expect(RecordId).toMatch(/^\S{100,}$/);
    expect(Encrypted).toBe(false);
    const { FailedPutCount, RequestResponses } = await putBatch(1, 500);
    expect(FailedPutCount).toBe(0);
    expect(new Set(RequestResponses!.map((one) => one.RecordId)).size).toBe(500);
    await eventually('all of them in the lake', async () => (await delivered()).length === 501);
    expect((await delivered()).sort((a, b) => a - b)).toEqual(Array.from({ length: 501 }, (_, seq) => seq));
    const keys = (await readBucket(aws)).map(({ key }) => key);
    for (const key of keys) expect(key).toMatch(/^page=(books|food)\/event=liked_item\/put-to-lake-1-\S+\.gz$/);
    expect(await aws.firehose.send(new ListDeliveryStreamsCommand({ DeliveryStreamType: 'DirectPut' }))).toMatchObject({
      DeliveryStreamNames: ['put-to-lake'],
    });
    expect(await describeStream()).toMatchObject({
      DeliveryStreamType: 'DirectPut',
      DeliveryStreamEncryptionConfiguration: { Status: 'DISABLED' },
    });
    expect(await describeStream()).not.toHaveProperty('Source');
  });

  test('what was acknowledged is delivered after any number of kills, also while S3 has no bucket', async () => {
    await create();
    let acknowledged = 0;
    for (let round = 0; round < 4; round++) {
      const putting = (async () => {
        for (;;) {
          await putBatch(acknowledged, 50);
          acknowledged += 50;
        }
      })().catch(() => undefined);
      await eventually('some acknowledged', () => acknowledged >= (round + 1) * 200);
      await aws.kill();
      await putting;
      aws = await startAws(folder);
    }
    await aws.s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
    await eventually('all acknowledged ones in the lake', async () => {
      const found = new Set(await delivered());
      for (let seq = 0; seq < acknowledged; seq++) if (!found.has(seq)) return false;
      return true;
    });
  });

  test('takes what AWS takes, and refuses the rest in its words', async () => {
    await create({ DirectPutSourceConfiguration: { ThroughputHintInMBs: 5 } });
    expect((await describeStream()).Source).toEqual({ DirectPutSourceDescription: { ThroughputHintInMBs: 5 } });
    const put = (Records: { Data: Buffer }[]) =>
      failure(aws.firehose.send(new PutRecordBatchCommand({ ...name, Records })));
    expect(await put(Array.from({ length: 501 }, (_, seq) => data(seq)))).toMatch(
      /^ValidationException: .*'records'.*less than or equal to 500/,
    );
    expect(await put([])).toMatch(/^ValidationException: .*'records'/);
    expect(await put([{ Data: Buffer.alloc(1_024_001) }])).toMatch(
      /^ValidationException: .*'records.1.member.data'.*1024000/,
    );
    expect(await put(Array.from({ length: 5 }, () => ({ Data: Buffer.alloc(900_000) })))).toMatch(
      /^InvalidArgumentException: Records size exceeds 4 MB limit/,
    );
    expect(await put(Array.from({ length: 4 }, () => ({ Data: Buffer.alloc(1_024_000) })))).toBe('no failure');
    expect(
      await failure(aws.firehose.send(new PutRecordCommand({ DeliveryStreamName: 'other', Record: data(1) }))),
    ).toMatch(/^ResourceNotFoundException: Firehose other/);
    await aws.firehose.send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: 'from-stream',
        DeliveryStreamType: 'KinesisStreamAsSource',
        KinesisStreamSourceConfiguration: {
          KinesisStreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
          RoleARN: destination.RoleARN,
        },
        ExtendedS3DestinationConfiguration: destination as S3Destination,
      }),
    );
    expect(
      await failure(aws.firehose.send(new PutRecordCommand({ DeliveryStreamName: 'from-stream', Record: data(1) }))),
    ).toMatch(/^InvalidArgumentException: .*not permitted on KinesisStreamAsSource/);
  });

  test('is updated under load without losing a record: a version later, the new prefix holds', async () => {
    await aws.s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
    await create();
    const { Destinations, VersionId } = await describeStream();
    const update = (more: object) =>
      aws.firehose.send(
        new UpdateDestinationCommand({
          ...name,
          CurrentDeliveryStreamVersionId: VersionId,
          DestinationId: Destinations![0]!.DestinationId,
          ...more,
        }),
      );
    const Prefix = `second/${destination.Prefix}`;
    await putBatch(0, 100);
    await update({ ExtendedS3DestinationUpdate: { Prefix } });
    for (let batch = 1; batch < 10; batch++) await putBatch(batch * 100, 100);
    expect(await describeStream()).toMatchObject({
      VersionId: '2',
      LastUpdateTimestamp: expect.any(Date),
      Destinations: [{ ExtendedS3DestinationDescription: { Prefix, CompressionFormat: 'GZIP' } }],
    });
    await eventually('all of them in the lake', async () => new Set(await delivered()).size === 1000);
    const objects = await readBucket(aws);
    const last = objects.find(({ lines }) => lines.some((line) => line.includes('"seq":999')))!;
    expect(last.key).toMatch(/^second\/page=books\/event=liked_item\/put-to-lake-2-/);

    expect(await failure(update({ ExtendedS3DestinationUpdate: {} }))).toMatch(/^ConcurrentModificationException/);
    const now = { CurrentDeliveryStreamVersionId: '2' };
    expect(
      await failure(update({ ...now, DestinationId: 'destinationId-2', ExtendedS3DestinationUpdate: {} })),
    ).toMatch(/^InvalidArgumentException: Destination Id destinationId-2/);
    expect(await failure(update({ ...now, ExtendedS3DestinationUpdate: { Prefix: 'plain/' } }))).toMatch(
      /S3 Prefix should contain Dynamic Partitioning namespaces/,
    );
    expect(
      await failure(
        update({
          ...now,
          ExtendedS3DestinationUpdate: {
            Prefix: 'plain/',
            DynamicPartitioningConfiguration: { Enabled: false },
            ProcessingConfiguration: { Enabled: false },
          },
        }),
      ),
    ).toMatch(/Dynamic Partitioning cannot be disabled/);
    expect((await describeStream()).VersionId).toBe('2');
  });

  test('has tags and encryption that are set, changed and listed', async () => {
    await create({
      Tags: [{ Key: 'team', Value: 'web' }],
      DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
    });
    await aws.firehose.send(
      new TagDeliveryStreamCommand({ ...name, Tags: [{ Key: 'team', Value: 'shop' }, { Key: 'cost' }] }),
    );
    const tags = async () => (await aws.firehose.send(new ListTagsForDeliveryStreamCommand(name))).Tags;
    expect(await tags()).toEqual([{ Key: 'team', Value: 'shop' }, { Key: 'cost' }]);
    await aws.firehose.send(new UntagDeliveryStreamCommand({ ...name, TagKeys: ['team', 'never'] }));
    expect(await tags()).toEqual([{ Key: 'cost' }]);
    const more = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}` }));
    expect(await failure(aws.firehose.send(new TagDeliveryStreamCommand({ ...name, Tags: more })))).toMatch(
      /^LimitExceededException/,
    );

    const encryption = async () => (await describeStream()).DeliveryStreamEncryptionConfiguration;
    expect(await encryption()).toMatchObject({ KeyType: 'AWS_OWNED_CMK' });
    expect((await aws.firehose.send(new PutRecordCommand({ ...name, Record: data(1) }))).Encrypted).toBe(true);
    await aws.firehose.send(new StopDeliveryStreamEncryptionCommand(name));
    await eventually('DISABLED', async () => (await encryption())?.Status === 'DISABLED');
    const KeyARN = 'arn:aws:kms:us-east-1:000000000000:key/1';
    const start = (input: { KeyType: 'CUSTOMER_MANAGED_CMK' | 'AWS_OWNED_CMK'; KeyARN?: string }) =>
      aws.firehose.send(
        new StartDeliveryStreamEncryptionCommand({ ...name, DeliveryStreamEncryptionConfigurationInput: input }),
      );
    expect(await failure(start({ KeyType: 'CUSTOMER_MANAGED_CMK' }))).toMatch(/^InvalidArgumentException: KeyARN/);
    await start({ KeyType: 'CUSTOMER_MANAGED_CMK', KeyARN });
    await eventually('ENABLED', async () => (await encryption())?.Status === 'ENABLED');
    expect(await encryption()).toEqual({ Status: 'ENABLED', KeyType: 'CUSTOMER_MANAGED_CMK', KeyARN });
  });

  test('leaves nothing behind when it is deleted', async () => {
    await create();
    await putBatch(0, 10);
    expect(await readdir(join(folder, 'firehose', 'direct-put'))).toHaveLength(1);
    await aws.firehose.send(new DeleteDeliveryStreamCommand(name));
    await eventually('its end', async () => (await readdir(join(folder, 'firehose', 'direct-put'))).length === 0);
  });
});

describe('the log of what was put', () => {
  const said: string[] = [];
  const open = (delivered = 0) => openRecordLog({ folder, next: delivered + 1, log: (line) => void said.push(line) });
  const signal = new AbortController().signal;
  const readAll = async (log: RecordLog, after?: string) => {
    const source = directPutSource(log);
    const found: string[] = [];
    for (let iterator = await source.iterator('', after, signal); ; ) {
      const { records, next } = await source.read(iterator, 7, signal);
      if (records.length === 0) return found;
      found.push(...records.map(({ sequenceNumber, data }) => `${Number(sequenceNumber)} ${data}`));
      iterator = next!;
    }
  };
  /** As 0.1.0 wrote it: length, checksum of the rest, arrival, data. */
  const oldFile = (first: number, count: number) =>
    Buffer.concat([
      Buffer.from('millrace-direct-put 1\n'),
      ...Array.from({ length: count }, (_, i) => {
        const data = Buffer.from(`old ${first + i}`);
        const framed = Buffer.alloc(16 + data.length);
        framed.writeUInt32BE(data.length, 0);
        framed.writeDoubleBE(1.8e12, 8);
        data.copy(framed, 16);
        framed.writeUInt32BE(crc32(framed.subarray(8), crc32(framed.subarray(0, 4))), 4);
        return framed;
      }),
    ]);
  const olds = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, i) => `${first + i} old ${first + i}`);
  const nameOf = (first: number) => join(folder, `${String(first).padStart(16, '0')}.log`);

  test('files of 0.1.0 are read on, a write that was cut off is not, and new records follow in new files', async () => {
    await writeFile(nameOf(1), oldFile(1, 30));
    const newest = oldFile(31, 5);
    await writeFile(nameOf(31), newest.subarray(0, newest.length - 3));
    for (let start = 0; start < 2; start++) {
      const log = await open(2);
      expect(await readAll(log)).toEqual(olds(1, 34));
      expect(await readAll(log, '0000000000000029')).toEqual(olds(30, 34));
      await log.close();
    }
    expect(said.filter((line) => /never acknowledged/.test(line))).toHaveLength(1);
    const log = await open(2);
    await log.append([{ shard: 0, arrivalMs: 1, key: '', data: Buffer.from('new') }]).stored;
    expect(await readAll(log, '0000000000000033')).toEqual([...olds(34, 34), '35 new']);
    await log.trim(36);
    expect(await readdir(folder)).toEqual(['0000000000000035.log']);
    await log.close();
  });

  test('an empty file of 0.1.0 becomes one of ours', async () => {
    await writeFile(nameOf(7), oldFile(7, 0));
    for (let start = 0; start < 3; start++) {
      const log = await open(6);
      await log.append([{ shard: 0, arrivalMs: 1, key: '', data: Buffer.from('new') }]).stored;
      expect(await readAll(log)).toEqual(Array.from({ length: start + 1 }, (_, i) => `${7 + i} new`));
      await log.close();
    }
    expect(said.filter((line) => line.includes('damaged'))).toEqual([]);
  });

  test('any flipped bit in a file of 0.1.0 costs one record, and is named', async () => {
    const whole = oldFile(5, 6);
    const all = olds(5, 10);
    const each = 16 + 'old 5'.length;
    for (let at = 22; at < whole.length - 1; at += 3) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1 << (at % 8);
      const scan = scanSegment(bytes, 5);
      if ('version' in scan) throw new Error('taken for another version');
      const hit = Math.min(5, Math.floor((at - 22) / each));
      // Of the newest record a longer length looks like a write that was cut off.
      expect(scan.damaged.length + Number(scan.tornAt !== undefined)).toBe(1);
      expect(scan.records.map(({ number, data }) => `${number} ${data}`)).toEqual(all.filter((_, i) => i !== hit));
    }
  });

  test('past the backlog only the records that fit are taken, each told by its place', async () => {
    const log = await open();
    const put = createDirectPut(log, { log: (line) => said.push(line), now: () => 1, backlogBytes: 1000 });
    const outcomes = await put.put([Buffer.alloc(600), Buffer.alloc(600), Buffer.alloc(100)]);
    expect(outcomes.map((outcome) => ('errorCode' in outcome ? outcome.errorCode : 'taken'))).toEqual([
      'taken',
      'ServiceUnavailableException',
      'ServiceUnavailableException',
    ]);
    expect(said.join()).toMatch(/1000 bytes wait for S3/);
    await log.close();
  });
});
