import { gunzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { destination as partitioned } from '../firehose-fakes.js';
import type { Answer, Caller, Promised, World } from './caller.js';
import { table } from './glue.js';

interface Made {
  DeliveryStreamName: string;
  Bucket: string;
}

const destinationOf = (Bucket: string, change: object = {}) => ({
  ...partitioned,
  BucketARN: `arn:aws:s3:::${Bucket}`,
  ...change,
});

const describeIt = async (caller: Caller, DeliveryStreamName: string): Promise<Answer> =>
  (await caller.call('firehose', 'DescribeDeliveryStream', { DeliveryStreamName })).DeliveryStreamDescription;

const active = (caller: Caller, name: string) =>
  eventually(`${name} to be ACTIVE`, async () => {
    const description = await describeIt(caller, name);
    return description.DeliveryStreamStatus === 'ACTIVE' && (description as object);
  }) as Promise<Answer>;

/** One with dynamic partitioning by page and event, uncompressed so that every client can read what it writes. */
export async function deliveryStream(
  caller: Caller,
  world: World,
  change: object = {},
  request: object = {},
): Promise<Made> {
  const DeliveryStreamName = world.unique('delivery');
  const Bucket = world.unique('lake');
  await caller.call('s3', 'CreateBucket', { Bucket });
  await caller.call('firehose', 'CreateDeliveryStream', {
    DeliveryStreamName,
    ...request,
    ExtendedS3DestinationConfiguration: destinationOf(Bucket, { CompressionFormat: 'UNCOMPRESSED', ...change }),
  });
  await active(caller, DeliveryStreamName);
  return { DeliveryStreamName, Bucket };
}

const put = (caller: Caller, DeliveryStreamName: string, Data: string) =>
  caller.call('firehose', 'PutRecord', { DeliveryStreamName, Record: { Data } });

/** The lines under a prefix, once there are so many. */
const lines = (caller: Caller, Bucket: string, Prefix: string, count: number): Promise<string[]> =>
  eventually(`${count} lines under ${Prefix}`, async () => {
    const { Contents = [] } = await caller.call('s3', 'ListObjectsV2', { Bucket, Prefix });
    const found: string[] = [];
    for (const { Key } of Contents) {
      const { Body } = await caller.call('s3', 'GetObject', { Bucket, Key });
      found.push(...Body.split('\n').slice(0, -1));
    }
    return found.length >= count && found;
  });

const event = (page: string, n: number) => JSON.stringify({ page, event: 'liked_item', n });

const conversion = (its: { DatabaseName: string; TableName: string }) => ({
  DataFormatConversionConfiguration: {
    SchemaConfiguration: { RoleARN: partitioned.RoleARN, ...its },
    InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
    OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
  },
});

export const firehose: Promised[] = [
  {
    line: 'CreateDeliveryStream answers with the ARN; the delivery stream is CREATING and then ACTIVE.',
    async check(caller, world) {
      const DeliveryStreamName = world.unique('delivery');
      const { DeliveryStreamARN } = await caller.call('firehose', 'CreateDeliveryStream', {
        DeliveryStreamName,
        DirectPutSourceConfiguration: { ThroughputHintInMBs: 1 },
        DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
        ExtendedS3DestinationConfiguration: destinationOf('some-lake'),
      });
      expect(DeliveryStreamARN).toBe(`arn:aws:firehose:us-east-1:000000000000:deliverystream/${DeliveryStreamName}`);
      expect(await active(caller, DeliveryStreamName)).toMatchObject({ DeliveryStreamType: 'DirectPut' });
    },
  },
  {
    line: 'DescribeDeliveryStream shows the destination as it was sent, with AWS’s defaults.',
    async check(caller, world) {
      const backup = { RoleARN: partitioned.RoleARN, BucketARN: partitioned.BucketARN, Prefix: 'raw/' };
      const { DeliveryStreamName } = await deliveryStream(caller, world, {
        S3BackupMode: 'Enabled',
        S3BackupConfiguration: backup,
      });
      const { Destinations, VersionId } = await describeIt(caller, DeliveryStreamName);
      expect(VersionId).toBe('1');
      expect(Destinations[0].ExtendedS3DestinationDescription).toMatchObject({
        Prefix: partitioned.Prefix,
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
        S3BackupMode: 'Enabled',
        S3BackupDescription: { ...backup, BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 300 } },
        CustomTimeZone: 'UTC',
        EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
        DynamicPartitioningConfiguration: { Enabled: true, RetryOptions: { DurationInSeconds: 300 } },
      });
    },
  },
  {
    line: 'CreateDeliveryStream refuses what AWS refuses, in AWS’s words: a prefix without partition keys, a buffer below 64 MiB, a name that is taken.',
    async check(caller, world) {
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world);
      const create = (name: string, change: object) =>
        caller.call('firehose', 'CreateDeliveryStream', {
          DeliveryStreamName: name,
          ExtendedS3DestinationConfiguration: destinationOf(Bucket, change),
        });
      await expect(create(world.unique('bad'), { Prefix: 'data/' })).rejects.toMatchObject({
        name: 'InvalidArgumentException',
        message: 'S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled',
      });
      const BufferingHints = { SizeInMBs: 5, IntervalInSeconds: 60 };
      await expect(create(world.unique('bad'), { BufferingHints })).rejects.toMatchObject({
        message: 'BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.',
      });
      await expect(create(DeliveryStreamName, {})).rejects.toMatchObject({ name: 'ResourceInUseException' });
    },
  },
  {
    line: 'PutRecord puts a record into an object of its partition: the prefix holds its keys, and the name has AWS’s form.',
    async check(caller, world) {
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world);
      expect((await put(caller, DeliveryStreamName, event('books', 1))).RecordId).toEqual(expect.any(String));
      expect(await lines(caller, Bucket, 'page=books/event=liked_item/', 1)).toEqual([event('books', 1)]);
      const { Contents } = await caller.call('s3', 'ListObjectsV2', { Bucket, Prefix: 'page=' });
      expect(Contents[0].Key).toMatch(
        new RegExp(`^page=books/event=liked_item/${DeliveryStreamName}-1-\\d{4}(-\\d\\d){5}-[0-9a-f-]{36}$`),
      );
    },
  },
  {
    line: 'PutRecordBatch answers each record by itself, and several JSON objects in one record are split.',
    async check(caller, world) {
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world);
      const answer = await caller.call('firehose', 'PutRecordBatch', {
        DeliveryStreamName,
        Records: [{ Data: `${event('books', 1)}${event('food', 2)}` }, { Data: event('books', 3) }],
      });
      expect(answer.FailedPutCount).toBe(0);
      expect(answer.RequestResponses).toHaveLength(2);
      expect(await lines(caller, Bucket, 'page=books/', 2)).toEqual([event('books', 1), event('books', 3)]);
      expect(await lines(caller, Bucket, 'page=food/', 1)).toEqual([event('food', 2)]);
    },
  },
  {
    line: 'A record without a partition key goes to the error prefix, with its bytes and the reason.',
    async check(caller, world) {
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world);
      await put(caller, DeliveryStreamName, '{"page":"books"}');
      const [line] = await lines(caller, Bucket, 'errors/metadata-extraction-failed/', 1);
      const { rawData, ...error } = JSON.parse(line!);
      expect(Buffer.from(rawData, 'base64').toString()).toBe('{"page":"books"}');
      expect(error).toMatchObject({
        errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
        errorMessage: 'partitionKeys values must not be null or empty',
      });
    },
  },
  {
    line: 'Objects are compressed as GZIP with its extension, and Content-Encoding says so.',
    async check(caller, world) {
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world, { CompressionFormat: 'GZIP' });
      await put(caller, DeliveryStreamName, event('books', 1));
      const Key = await eventually('the object', async () => {
        const { Contents = [] } = await caller.call('s3', 'ListObjectsV2', { Bucket });
        return Contents[0]?.Key as string | undefined;
      });
      expect(Key).toMatch(/\.gz$/);
      expect(await caller.call('s3', 'HeadObject', { Bucket, Key })).toMatchObject({
        ContentEncoding: 'gzip',
        ContentType: 'application/octet-stream',
      });
      const bytes = Buffer.from(await (await fetch(`${world.url}/${Bucket}/${Key}`)).arrayBuffer());
      // fetch undoes what Content-Encoding says.
      const text = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
      expect(text.toString()).toBe(`${event('books', 1)}\n`);
    },
  },
  {
    line: 'Without dynamic partitioning, records are joined into one object under the hour of their arrival.',
    async check(caller, world) {
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world, {
        Prefix: undefined,
        ErrorOutputPrefix: undefined,
        BufferingHints: undefined,
        DynamicPartitioningConfiguration: undefined,
        ProcessingConfiguration: undefined,
      });
      await caller.call('firehose', 'PutRecordBatch', {
        DeliveryStreamName,
        Records: [{ Data: 'a\n' }, { Data: 'b\n' }],
      });
      expect(await lines(caller, Bucket, '20', 2)).toEqual(['a', 'b']);
      const { Contents } = await caller.call('s3', 'ListObjectsV2', { Bucket });
      expect(Contents[0].Key).toMatch(/^\d{4}\/\d\d\/\d\d\/\d\d\//);
    },
  },
  {
    line: 'A Kinesis stream as the source: its records are delivered, also after an UpdateShardCount, and PutRecord is refused.',
    async check(caller, world) {
      const StreamName = world.unique('source');
      await caller.call('kinesis', 'CreateStream', { StreamName, ShardCount: 2 });
      const { DeliveryStreamName, Bucket } = await deliveryStream(
        caller,
        world,
        {},
        {
          DeliveryStreamType: 'KinesisStreamAsSource',
          KinesisStreamSourceConfiguration: {
            KinesisStreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`,
            RoleARN: partitioned.RoleARN,
          },
        },
      );
      const send = (n: number) =>
        caller.call('kinesis', 'PutRecord', { StreamName, PartitionKey: 'v', Data: event('books', n) });
      await send(1);
      await caller.call('kinesis', 'UpdateShardCount', {
        StreamName,
        TargetShardCount: 3,
        ScalingType: 'UNIFORM_SCALING',
      });
      await send(2);
      expect(await lines(caller, Bucket, 'page=books/', 2)).toEqual([event('books', 1), event('books', 2)]);
      await expect(put(caller, DeliveryStreamName, event('books', 3))).rejects.toMatchObject({
        name: 'InvalidArgumentException',
      });
    },
  },
  {
    line: 'Records are converted to Parquet by the columns of a Glue table, and S3 Select reads it; a record that does not fit goes to the error prefix.',
    async check(caller, world) {
      const nowhere = { DatabaseName: 'nowhere', TableName: 'nothing' };
      await expect(deliveryStream(caller, world, conversion(nowhere))).rejects.toMatchObject({
        name: 'InvalidArgumentException',
        message: expect.stringContaining('Database nowhere not found'),
      });
      const its = await table(caller, world, { n: 'int', event: 'string', price: 'decimal(6,2)' });
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world, conversion(its));
      for (const record of [
        { page: 'books', event: 'x', n: 1, Price: '12.50' },
        { page: 'books', event: 'x', n: 'many' },
      ])
        await put(caller, DeliveryStreamName, JSON.stringify(record));
      const Key = await eventually('the object', async () => {
        const { Contents = [] } = await caller.call('s3', 'ListObjectsV2', { Bucket, Prefix: 'page=' });
        return Contents[0]?.Key as string | undefined;
      });
      expect(Key).toMatch(/\.parquet$/);
      const { Body } = await caller.call('s3', 'SelectObjectContent', {
        ...{ Bucket, Key, ExpressionType: 'SQL', Expression: 'SELECT s.n, s.price FROM s3object s' },
        InputSerialization: { Parquet: {} },
        OutputSerialization: { JSON: {} },
      });
      expect(JSON.parse(Body)).toEqual({ n: 1, price: 12.5 });
      const [line] = await lines(caller, Bucket, 'errors/format-conversion-failed/', 1);
      const { rawData, ...error } = JSON.parse(line!);
      expect(JSON.parse(Buffer.from(rawData, 'base64').toString()).n).toBe('many');
      expect(error).toMatchObject({
        lastErrorCode: 'DataFormatConversion.MalformedData',
        dataCatalogTable: { databaseName: its.DatabaseName, tableName: its.TableName, versionId: 'LATEST' },
      });
    },
  },
  {
    line: 'UpdateDestination changes what it names, raises the version that object names have, and refuses an old version.',
    async check(caller, world) {
      const { DeliveryStreamName, Bucket } = await deliveryStream(caller, world);
      const { Destinations } = await describeIt(caller, DeliveryStreamName);
      const update = () =>
        caller.call('firehose', 'UpdateDestination', {
          DeliveryStreamName,
          CurrentDeliveryStreamVersionId: '1',
          DestinationId: Destinations[0].DestinationId,
          ExtendedS3DestinationUpdate: { FileExtension: '.json' },
        });
      await update();
      expect(await describeIt(caller, DeliveryStreamName)).toMatchObject({ VersionId: '2' });
      await expect(update()).rejects.toMatchObject({ name: 'ConcurrentModificationException' });
      await put(caller, DeliveryStreamName, event('books', 1));
      await lines(caller, Bucket, 'page=books/', 1);
      const { Contents } = await caller.call('s3', 'ListObjectsV2', { Bucket });
      expect(Contents[0].Key).toMatch(new RegExp(`${DeliveryStreamName}-2-.*\\.json$`));
    },
  },
  {
    line: 'Delivery streams are listed by name, in pages.',
    async check(caller, world) {
      const names = [world.unique('listed'), world.unique('listed')].sort();
      for (const DeliveryStreamName of names)
        await caller.call('firehose', 'CreateDeliveryStream', {
          DeliveryStreamName,
          ExtendedS3DestinationConfiguration: destinationOf('some-lake'),
        });
      const page = await caller.call('firehose', 'ListDeliveryStreams', {
        ExclusiveStartDeliveryStreamName: names[0]!,
        Limit: 1,
      });
      expect(page.DeliveryStreamNames).toEqual([names[1]]);
    },
  },
  {
    line: 'Tags are added to a delivery stream, listed and removed.',
    async check(caller, world) {
      const { DeliveryStreamName } = await deliveryStream(caller, world);
      const Tags = [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ];
      await caller.call('firehose', 'TagDeliveryStream', { DeliveryStreamName, Tags });
      await caller.call('firehose', 'UntagDeliveryStream', { DeliveryStreamName, TagKeys: ['a'] });
      const answer = await caller.call('firehose', 'ListTagsForDeliveryStream', { DeliveryStreamName });
      expect(answer).toMatchObject({ Tags: [{ Key: 'b', Value: '2' }], HasMoreTags: false });
    },
  },
  {
    line: 'Encryption starts and stops, and the description shows it.',
    async check(caller, world) {
      const { DeliveryStreamName } = await deliveryStream(caller, world);
      const status = (wanted: string) =>
        eventually(wanted, async () => {
          const { DeliveryStreamEncryptionConfiguration } = await describeIt(caller, DeliveryStreamName);
          return DeliveryStreamEncryptionConfiguration.Status === wanted;
        });
      await caller.call('firehose', 'StartDeliveryStreamEncryption', { DeliveryStreamName });
      await status('ENABLED');
      await caller.call('firehose', 'StopDeliveryStreamEncryption', { DeliveryStreamName });
      await status('DISABLED');
    },
  },
  {
    line: 'DeleteDeliveryStream removes the delivery stream; later calls get ResourceNotFoundException.',
    async check(caller, world) {
      const { DeliveryStreamName } = await deliveryStream(caller, world);
      await caller.call('firehose', 'DeleteDeliveryStream', { DeliveryStreamName });
      await eventually('its end', async () => {
        const { DeliveryStreamNames } = await caller.call('firehose', 'ListDeliveryStreams', { Limit: 1000 });
        return !DeliveryStreamNames.includes(DeliveryStreamName);
      });
      await expect(describeIt(caller, DeliveryStreamName)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    },
  },
  {
    line: 'Unsupported features of Data Firehose (other destinations, KMS keys) are refused by name.',
    async check(caller, world) {
      const create = (request: object) =>
        caller.call('firehose', 'CreateDeliveryStream', { DeliveryStreamName: world.unique('bad'), ...request });
      await expect(
        create({
          HttpEndpointDestinationConfiguration: {
            EndpointConfiguration: { Url: 'https://example.com/' },
            S3Configuration: { RoleARN: partitioned.RoleARN, BucketARN: partitioned.BucketARN },
          },
        }),
      ).rejects.toMatchObject({ message: expect.stringContaining('HttpEndpointDestinationConfiguration') });
      await expect(
        create({
          ExtendedS3DestinationConfiguration: destinationOf('some-lake', {
            EncryptionConfiguration: {
              KMSEncryptionConfig: { AWSKMSKeyARN: 'arn:aws:kms:us-east-1:000000000000:key/k' },
            },
          }),
        }),
      ).rejects.toMatchObject({ message: expect.stringContaining('KMSEncryptionConfig') });
    },
  },
];
