import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
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
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import { createDirectPut } from '../src/firehose/direct-put/put-records.js';
import { openRecordLog, type Place } from '../src/firehose/direct-put/record-log.js';
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
  const open = (delivered = 0) => openRecordLog(folder, delivered, (line) => said.push(line));
  const records = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => Buffer.from(`record ${first + index}`));
  const start: Place = { file: -1, offset: 0, sequence: 0 };
  const readAll = async (log: Awaited<ReturnType<typeof open>>, from = start) => {
    const found: string[] = [];
    for (let place = from; ; ) {
      const { records: some, next } = await log.read(place, 7);
      if (some.length === 0) return found;
      for (const { sequence, data } of some) {
        expect(data.toString()).toBe(`record ${sequence}`);
        found.push(data.toString());
      }
      place = next;
    }
  };
  const files = async () => (await readdir(folder)).sort();

  test('is read from any place, across restarts', async () => {
    let log = await open();
    await Promise.all([log.append(records(1, 10), 5), log.append(records(11, 10), 5)]);
    await log.close();
    log = await open();
    await log.append(records(21, 5), 6);
    expect(await readAll(log)).toHaveLength(25);
    expect(await readAll(log, await log.placeAfter(19))).toHaveLength(6);
    expect(await readAll(log, await log.placeAfter(25))).toEqual([]);
    await log.append(records(26, 1), 6);
    expect(await readAll(log, await log.placeAfter(25))).toEqual(['record 26']);
    await log.close();
  });

  test('forgets files that are delivered as a whole, and never a number', async () => {
    let log = await open();
    const large = Buffer.alloc(9 * 1024 * 1024);
    for (let n = 0; n < 5; n++) await log.append([large], 1);
    expect(await files()).toHaveLength(3);
    await log.trim(1);
    expect(await files()).toHaveLength(3);
    await log.trim(5);
    expect(await files()).toHaveLength(1);
    await log.close();
    for (const file of await files()) await rm(join(folder, file));
    log = await open(5);
    await log.append([Buffer.from('record 6')], 1);
    expect(await readAll(log, await log.placeAfter(5))).toEqual(['record 6']);
    await log.close();
  });

  test('a write that a crash cut off is set aside; whatever was acknowledged before it stays', async () => {
    let log = await open();
    await log.append(records(1, 10), 5);
    await log.close();
    const [file] = await files();
    const whole = await readFile(join(folder, file!));
    await appendFile(join(folder, file!), whole.subarray(22, 22 + 20));
    log = await open();
    expect(said.join()).toMatch(/never acknowledged/);
    expect(await readAll(log)).toHaveLength(10);
    await log.append(records(11, 1), 5);
    expect(await readAll(log)).toHaveLength(11);
    await log.close();
    log = await open();
    expect(await readAll(log)).toHaveLength(11);
    await log.close();
    // A crash just after a file was made.
    await writeFile(join(folder, '0000000000000012.log'), 'millr');
    log = await open();
    await log.append(records(12, 1), 5);
    expect(await readAll(log)).toHaveLength(12);
    await log.close();
  });

  test('damage in a file that was complete is refused, naming the file and what to do', async () => {
    let log = await open();
    await log.append(records(1, 10), 5);
    await log.close();
    log = await open();
    await log.append(records(11, 1), 5);
    await log.close();
    const [first] = await files();
    await truncate(join(folder, first!), 100);
    await expect(open()).rejects.toThrow(new RegExp(`${first}.*is damaged at byte .*move it away`));
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
