import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamCommandInput,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
  ListTagsForDeliveryStreamCommand,
} from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Endpoint, startEndpoint } from '../src/endpoint.js';
import { createControlPlane } from '../src/firehose/api/control-plane.js';
import { openDefinitions } from '../src/firehose/api/definitions.js';
import { createAwsClients } from '../src/firehose/aws-clients.js';
import { createFunctions } from '../src/firehose/functions/functions.js';
import { type Firehose, openFirehose } from '../src/firehose/index.js';
import { unmetered } from '../src/firehose/meter.js';
import { writeState } from '../src/state-file.js';
import { destination, until } from './firehose-fakes.js';
import { jq } from './jq-support.js';

let folder: string;
let firehose: Firehose;
let server: Endpoint;
let client: FirehoseClient;
let log: string[];

const open = () =>
  openFirehose({ folder, ports: createAwsClients('http://127.0.0.1:9'), timeScale: 30, log: (line) => log.push(line) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-firehose-'));
  log = [];
  firehose = await open();
  server = await startEndpoint({ port: 0, services: [firehose], log: (line) => log.push(line) });
  client = new FirehoseClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await firehose.close();
  await server.close();
  await rm(folder, { recursive: true });
});

const input = (name: string): CreateDeliveryStreamCommandInput => ({
  DeliveryStreamName: name,
  DeliveryStreamType: 'KinesisStreamAsSource',
  KinesisStreamSourceConfiguration: {
    KinesisStreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
    RoleARN: 'arn:aws:iam::000000000000:role/delivery',
  },
  ExtendedS3DestinationConfiguration: destination as NonNullable<
    CreateDeliveryStreamCommandInput['ExtendedS3DestinationConfiguration']
  >,
  Tags: [{ Key: 'team', Value: 'web' }],
});
const create = (name = 'to-lake') => client.send(new CreateDeliveryStreamCommand(input(name)));
const describeStream = async (name = 'to-lake') =>
  (await client.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }))).DeliveryStreamDescription!;
const active = async (name = 'to-lake') => {
  let status: string | undefined;
  while (status !== 'ACTIVE') status = (await describeStream(name)).DeliveryStreamStatus;
};

describe('the API of Data Firehose, by the AWS SDK', () => {
  test('a delivery stream is created, becomes ACTIVE and is described as it was defined', async () => {
    const before = Date.now();
    const { DeliveryStreamARN } = await create();
    expect(DeliveryStreamARN).toBe('arn:aws:firehose:us-east-1:000000000000:deliverystream/to-lake');
    await active();
    const found = await describeStream();
    expect(found).toMatchObject({
      DeliveryStreamName: 'to-lake',
      DeliveryStreamARN,
      DeliveryStreamStatus: 'ACTIVE',
      DeliveryStreamType: 'KinesisStreamAsSource',
      VersionId: '1',
      Source: { KinesisStreamSourceDescription: input('').KinesisStreamSourceConfiguration },
      HasMoreDestinations: false,
    });
    const start = found.Source!.KinesisStreamSourceDescription!.DeliveryStartTimestamp!.getTime();
    expect(start).toBeGreaterThanOrEqual(before);
    expect(found.CreateTimestamp!.getTime()).toBe(start);
    const [only] = found.Destinations!;
    expect(only!.DestinationId).toBe('destinationId-000000000001');
    expect(only!.ExtendedS3DestinationDescription).toMatchObject({
      ...destination,
      DynamicPartitioningConfiguration: { Enabled: true, RetryOptions: { DurationInSeconds: 300 } },
      EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
      S3BackupMode: 'Disabled',
    });
    const { ProcessingConfiguration: _, DynamicPartitioningConfiguration: __, ...shared } = destination;
    expect(only!.S3DestinationDescription).toMatchObject(shared);
    expect(only!.S3DestinationDescription).not.toHaveProperty('ProcessingConfiguration');
  });

  test('it is CREATING at first, and cannot be deleted, updated or tagged before it is ACTIVE', async () => {
    let now = 1_000;
    const answer = createControlPlane({
      definitions: await openDefinitions(join(folder, 'of-its-own.json')),
      clock: { wallMs: () => now },
      log: () => undefined,
      surroundings: { jq, functions: createFunctions({}) },
      deliveries: { begin: () => undefined, renew: () => undefined, remove: () => undefined },
      directPut: () => Promise.reject(new Error('not asked for')),
      meterFor: () => unmetered,
    });
    const name = { DeliveryStreamName: 'to-lake' };
    const status = async () =>
      JSON.stringify(await answer('DescribeDeliveryStream', name)).match(/"DeliveryStreamStatus":"(\w+)"/)![1];
    await answer('CreateDeliveryStream', input('to-lake') as unknown as Record<string, unknown>);
    expect(await status()).toBe('CREATING');
    const update = { CurrentDeliveryStreamVersionId: '1', DestinationId: 'destinationId-000000000001' };
    for (const [operation, more] of [
      ['DeleteDeliveryStream', {}],
      ['UpdateDestination', { ...update, ExtendedS3DestinationUpdate: {} }],
      ['TagDeliveryStream', { Tags: [{ Key: 'a' }] }],
    ] as const)
      await expect(answer(operation, { ...name, ...more })).rejects.toMatchObject({
        name: 'ResourceInUseException',
      });
    now += 250;
    expect(await status()).toBe('ACTIVE');
    await answer('DeleteDeliveryStream', name);
    expect(await status()).toBe('DELETING');
  });

  test('names are taken once, and unknown ones are not found', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ name: 'ResourceInUseException' });
    await expect(describeStream('other')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Firehose other under account 000000000000 not found.',
    });
    await expect(client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'other' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('of many created at once with one name, one is', async () => {
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => create()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('they are listed by name, page by page and by type', async () => {
    for (const name of ['c', 'a', 'b']) await create(name);
    expect(await client.send(new ListDeliveryStreamsCommand({ Limit: 2 }))).toMatchObject({
      DeliveryStreamNames: ['a', 'b'],
      HasMoreDeliveryStreams: true,
    });
    expect(await client.send(new ListDeliveryStreamsCommand({ ExclusiveStartDeliveryStreamName: 'b' }))).toMatchObject({
      DeliveryStreamNames: ['c'],
      HasMoreDeliveryStreams: false,
    });
    expect(await client.send(new ListDeliveryStreamsCommand({ DeliveryStreamType: 'DirectPut' }))).toMatchObject({
      DeliveryStreamNames: [],
    });
    expect(await client.send(new ListTagsForDeliveryStreamCommand({ DeliveryStreamName: 'a' }))).toMatchObject({
      Tags: [{ Key: 'team', Value: 'web' }],
      HasMoreTags: false,
    });
  });

  test('a deleted one is gone, with its positions, and its name is free', async () => {
    await create();
    await active();
    await client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'to-lake' }));
    let gone = false;
    while (!gone)
      gone = await describeStream().then(
        () => false,
        ({ name }) => name === 'ResourceNotFoundException',
      );
    expect(await readdir(join(folder, 'positions'))).toEqual([]);
    await create();
  });

  test('an operation that is not there is named, and those that are', async () => {
    const answer = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'Firehose_20150804.PutEverything', 'content-type': 'application/x-amz-json-1.1' },
      body: '{}',
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      __type: 'UnknownOperationException',
      message: expect.stringMatching(
        /does not support the operation PutEverything\. It supports CreateDeliveryStream, .*docs\/embedded-aws\.md/,
      ),
    });
  });

  test('a prefix with the wrong case and spaces is refused as AWS does, and the log says what was meant', async () => {
    const refused = input('to-lake');
    refused.ExtendedS3DestinationConfiguration = {
      ...refused.ExtendedS3DestinationConfiguration!,
      Prefix: 'page= !{partitionkeyFromQuery: page}/event= !{partitionkeyFromQuery: event}/',
    };
    await expect(client.send(new CreateDeliveryStreamCommand(refused))).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: 'Namespace to the left of colon (partitionkeyFromQuery) is an invalid keyword!',
    });
    expect(log).toEqual([
      expect.stringContaining(
        'did you mean page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/ ?',
      ),
    ]);
  });
});

describe('what is on disk', () => {
  test('delivery streams are there again after a restart', async () => {
    await create();
    const before = await describeStream();
    await firehose.close();
    firehose = await open();
    expect({ ...(await describeStream()), DeliveryStreamStatus: '' }).toEqual({ ...before, DeliveryStreamStatus: '' });
  });

  test('a damaged file is refused with its name and what to do', async () => {
    await create();
    await firehose.close();
    const path = join(folder, 'delivery-streams.json');
    const good = await readFile(path, 'utf8');
    const { data } = JSON.parse(good);
    const positions = join(folder, 'positions', `${data.deliveryStreams[0].id}.json`);
    for (const bad of [
      '',
      good.slice(0, -20),
      good.replace('to-lake', 'to-lamb'),
      good.replace('"version":1', '"version":2'),
      'null',
    ]) {
      await writeFile(path, bad);
      await expect(open()).rejects.toThrow(
        /delivery-streams\.json .*(damaged|version 2|not a millrace).* or move the folder that it is in away and create/,
      );
    }
    await writeFile(path, good);
    await writeFile(positions, good);
    await expect(open()).rejects.toThrow(/positions.*\.json is not a millrace-firehose-positions file.*begins again/);
    await rm(positions);
    firehose = await open();
  });

  test('records that were put, without a list of delivery streams, are refused and stay', async () => {
    await create();
    const path = join(folder, 'delivery-streams.json');
    const good = await readFile(path, 'utf8');
    await firehose.close();
    const log = join(folder, 'direct-put', 'some-id', '0000000000000001.log');
    await mkdir(dirname(log), { recursive: true });
    await writeFile(log, 'millrace-records 1\n');
    await rm(path);
    await expect(open()).rejects.toThrow(/delivery-streams\.json is missing, and .*direct-put has records\. Put back/);
    expect(await readFile(log, 'utf8')).toBe('millrace-records 1\n');
    await writeFile(path, good);
    firehose = await open();
  });

  test('positions of a delivery stream that is gone are removed', async () => {
    await writeState(join(folder, 'positions', 'gone.json'), { format: 'x', version: 1, remedy: '' }, {});
    await firehose.close();
    firehose = await open();
    expect(await readdir(join(folder, 'positions'))).toEqual([]);
  });

  test('an endpoint that does not answer is said once', async () => {
    await create();
    firehose.start();
    await until(() => log.length > 0, 'it is said');
    expect(log).toEqual([
      expect.stringMatching(/^Data Firehose: to-lake: cannot read the source stream \(ECONNREFUSED.*\)/),
    ]);
  });
});
