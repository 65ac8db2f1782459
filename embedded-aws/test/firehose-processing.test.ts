import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeliveryConfiguration } from '../src/firehose/config/delivery-configuration.js';
import type { ExtendedS3Destination } from '../src/firehose/config/destination-shape.js';
import { compileTimePattern } from '../src/firehose/config/java-time-format.js';
import { createFunctions } from '../src/firehose/functions/functions.js';
import type { LambdaFunction } from '../src/firehose/functions/lambda-function.js';
import { unmetered } from '../src/firehose/meter.js';
import type { SourceRecord } from '../src/firehose/ports.js';
import { deaggregate } from '../src/firehose/route/deaggregate.js';
import { extractKeys } from '../src/firehose/route/extract-keys.js';
import { createTransform } from '../src/firehose/route/lambda/transform.js';
import { splitKpl } from '../src/firehose/route/split-kpl.js';
import { createTargets } from '../src/firehose/route/targets.js';
import { type DeliveryWorker, startWorker } from '../src/firehose/worker.js';
import { hadoopSnappy, snappyJava, snappyRaw } from '../src/firehose/write/compression/snappy.js';
import { zipOne } from '../src/firehose/write/compression/zip.js';
import {
  configure,
  destination,
  fakeBucket,
  fakePositions,
  fakeStream,
  hastyClock,
  until,
  workerBetween,
} from './firehose-fakes.js';

const running: DeliveryWorker[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop(0)));
});

const record = (data: Buffer | string): SourceRecord => ({
  sequenceNumber: '1',
  arrivalMs: 1,
  data: Buffer.from(data),
});
type Processors = NonNullable<NonNullable<ExtendedS3Destination['ProcessingConfiguration']>['Processors']>;
const [, extraction] = destination.ProcessingConfiguration!.Processors!;
const processing = (...processors: (Processors[0] | undefined)[]) => ({
  ProcessingConfiguration: { Enabled: true, Processors: processors.filter((one) => one !== undefined) },
});

/** A record as the Kinesis Producer Library packs it, written from its format and not from our reader. */
function pack(datas: Buffer[]): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
  const bytes = (field: number, data: Buffer) =>
    Buffer.concat([Buffer.from([field * 8 + 2, ...varint(data.length)]), data]);
  const tag = Buffer.concat([bytes(1, Buffer.from('key')), bytes(2, Buffer.from('value'))]);
  const message = Buffer.concat([
    bytes(1, Buffer.from('partition key')),
    bytes(2, Buffer.from('12345')),
    ...datas.map((data) => bytes(3, Buffer.concat([Buffer.from([1 * 8, 0, 2 * 8, 0]), bytes(3, data), bytes(4, tag)]))),
  ]);
  return Buffer.concat([Buffer.from('f3899ac2', 'hex'), message, createHash('md5').update(message).digest()]);
}

const processRecords = (configuration: DeliveryConfiguration, records: SourceRecord[]) =>
  extractKeys(configuration, deaggregate(configuration, records));

describe('a partition has the prefix of its own values, however many came before', () => {
  const values = fc.tuple(fc.constantFrom('a', 'a","b', '..', '', 'x'.repeat(400)), fc.string({ maxLength: 4 }));
  test.each([
    ['of its keys', 'k={page}/l={event}/'],
    ['of its keys and the time', 'k={page}/{time}/l={event}/'],
  ])('%s', async (_, shape) => {
    const Prefix = shape
      .replaceAll(/\{(page|event)\}/g, '!{partitionKeyFromQuery:$1}')
      .replace('{time}', '!{timestamp:mm}');
    const configuration = await configure({ Prefix });
    const seasoned = createTargets(configuration, 1);
    for (let n = 0; n < 2_100; n++) seasoned.partition([`page ${n}`, 'e'], 0);
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 3_600_000 }), (found, arrivalMs) => {
        const fresh = createTargets(configuration, 1).partition(found, arrivalMs);
        for (const again of [1, 2]) expect([again, seasoned.partition(found, arrivalMs)]).toEqual([again, fresh]);
      }),
    );
  });
});

describe('records of the Kinesis Producer Library', () => {
  test('come apart into the records that went in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (datas) => {
        const packed = pack(datas.map((data) => Buffer.from(data)));
        const ranges = splitKpl(packed)!;
        expect(ranges.map(({ start, end }) => packed.subarray(start, end).toString('hex'))).toEqual(
          datas.map((data) => Buffer.from(data).toString('hex')),
        );
      }),
    );
  });

  test('what has another MD5, no magic number or no whole message is a plain record', () => {
    const packed = pack([Buffer.from('{}')]);
    for (const at of [0, 6, packed.length - 1]) {
      const damaged = Buffer.from(packed);
      damaged[at]! ^= 1;
      expect(splitKpl(damaged)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (message) => {
        const md5 = createHash('md5').update(message).digest();
        expect(() => splitKpl(Buffer.concat([Buffer.from('f3899ac2', 'hex'), message, md5]))).not.toThrow();
      }),
    );
  });

  test('are taken apart before the JSON in them, and each goes to its own partition', async () => {
    const packed = pack([
      Buffer.from('{"page":"books","event":"a"}{"page":"food","event":"b"}'),
      Buffer.from('no json'),
      Buffer.from('{"page":"home","event":"c"}'),
    ]);
    const [pieces] = processRecords(await configure(), [record(packed)]);
    expect(pieces!.map(({ result }) => (Array.isArray(result) ? result.join() : result.errorMessage))).toEqual([
      'books,a',
      'food,b',
      'Non JSON record provided',
      'home,c',
    ]);
    expect(pieces!.map(({ data, start, end }) => data.toString('utf8', start, end)).join('')).toBe(
      '{"page":"books","event":"a"}{"page":"food","event":"b"}no json{"page":"home","event":"c"}',
    );
    const [direct] = processRecords(await configure({}, {}, false), [record(packed)]);
    expect(direct).toMatchObject([{ result: { errorMessage: 'Non JSON record provided' } }]);
  });
});

test('delimited records come apart at their delimiter, and each part stands for itself', async () => {
  const delimited = await configure(
    processing(
      {
        Type: 'RecordDeAggregation',
        Parameters: [
          { ParameterName: 'SubRecordType', ParameterValue: 'DELIMITED' },
          { ParameterName: 'Delimiter', ParameterValue: 'IyMjIw==' },
        ],
      },
      extraction,
      { Type: 'AppendDelimiterToRecord', Parameters: [{ ParameterName: 'Delimiter', ParameterValue: '|\\n' }] },
    ),
  );
  expect(delimited.delimiter!.toString()).toBe('|\n');
  const kinds = (text: string) =>
    processRecords(delimited, [record(text)])[0]!.map(({ data, start, end, result }) => [
      data.toString('utf8', start, end),
      Array.isArray(result) ? result.join() : result.errorMessage,
    ]);
  expect(kinds('{"page":"a","event":"b"}####x########{"page":"c","event":"d"}####')).toEqual([
    ['{"page":"a","event":"b"}', 'a,b'],
    ['x', 'Non JSON record provided'],
    ['{"page":"c","event":"d"}', 'c,d'],
  ]);
  const one = '{"page":"a","event":"b"}';
  expect(kinds(Array(500).fill(one).join('####'))).toHaveLength(500);
  expect(kinds(Array(501).fill(one).join('####'))).toMatchObject([[expect.any(String), 'Non JSON record provided']]);
});

test('!{timestamp:…} prints what Java 17 prints, in every zone and pattern that was recorded', () => {
  const { instants, formats } = JSON.parse(
    readFileSync(new URL('../../test/recorded/java-times.json', import.meta.url), 'utf8'),
  ) as { instants: number[]; formats: [zone: string, pattern: string, texts: string[]][] };
  for (const [zone, pattern, texts] of formats)
    expect({ zone, pattern, texts: instants.map(compileTimePattern(pattern, zone)) }).toEqual({ zone, pattern, texts });
  expect(formats.length).toBeGreaterThan(100);
});

/** Snappy's raw format read by its description, independent of the writer. */
function unsnappy(input: Buffer): Buffer {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at++]!;
    length |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  const out = Buffer.alloc(length);
  let end = 0;
  while (at < input.length) {
    const tag = input[at++]!;
    if ((tag & 3) === 0) {
      let size = tag >> 2;
      if (size >= 60) {
        const bytes = size - 59;
        size = input.readUIntLE(at, bytes);
        at += bytes;
      }
      end += input.copy(out, end, at, at + size + 1);
      at += size + 1;
    } else {
      const short = (tag & 3) === 1;
      const size = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      const offset = short ? ((tag >> 5) << 8) | input[at]! : input.readUInt16LE(at);
      at += short ? 1 : 2;
      for (let n = 0; n < size; n++) {
        out[end] = out[end - offset]!;
        end++;
      }
    }
  }
  expect(end).toBe(length);
  return out;
}

describe('compression', () => {
  const json = Buffer.from(Array.from({ length: 20_000 }, (_, n) => JSON.stringify({ page: 'books', n })).join('\n'));
  const samples = [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(100_000, 'ab'), randomBytes(200_000), json];

  test('Snappy gives back what went in, and is smaller where there is something to gain', () => {
    for (const sample of samples) expect(unsnappy(snappyRaw(sample)).equals(sample)).toBe(true);
    expect(snappyRaw(json).length).toBeLessThan(json.length / 2);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ab', 'abcdefg', 'zz', 'q'), { maxLength: 500 }), (words) => {
        const text = Buffer.from(words.join(''));
        expect(unsnappy(snappyRaw(text)).equals(text)).toBe(true);
      }),
    );
  });

  test('the framings of snappy-java and of Hadoop', () => {
    for (const sample of samples) {
      const java = snappyJava(sample);
      expect(java.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
      const blocks: Buffer[] = [];
      for (let at = 16; at < java.length; at += 4 + java.readUInt32BE(at))
        blocks.push(unsnappy(java.subarray(at + 4, at + 4 + java.readUInt32BE(at))));
      expect(Buffer.concat(blocks).equals(sample)).toBe(true);
      const hadoop = hadoopSnappy(sample);
      const found: Buffer[] = [];
      for (let at = 0; at < hadoop.length; at += 8 + hadoop.readUInt32BE(at + 4)) {
        const block = unsnappy(hadoop.subarray(at + 8, at + 8 + hadoop.readUInt32BE(at + 4)));
        expect(block.length).toBe(hadoop.readUInt32BE(at));
        found.push(block);
      }
      expect(Buffer.concat(found).equals(sample)).toBe(true);
    }
  });

  test('a ZIP has one file, with its name, sizes and content', async () => {
    const zip = await zipOne('clicks-1', json, new Date(Date.UTC(2026, 6, 3, 4, 5, 6)));
    expect(zip.readUInt32LE(0)).toBe(0x04034b50);
    const compressed = zip.readUInt32LE(18);
    expect(zip.readUInt32LE(22)).toBe(json.length);
    const name = zip.subarray(30, 30 + zip.readUInt16LE(26)).toString();
    expect(name).toBe('clicks-1');
    expect(inflateRawSync(zip.subarray(30 + name.length, 30 + name.length + compressed)).equals(json)).toBe(true);
    const end = zip.subarray(-22);
    expect(end.readUInt32LE(0)).toBe(0x06054b50);
    expect(zip.readUInt32LE(end.readUInt32LE(16))).toBe(0x02014b50);
    expect(end.readUInt32LE(16) + end.readUInt32LE(12)).toBe(zip.length - 22);
  });

  test.each([
    ['ZIP', '.zip', undefined],
    ['Snappy', '.snappy', 'snappy-java'],
    ['HADOOP_SNAPPY', '.snappy', undefined],
    ['UNCOMPRESSED', '', undefined],
  ] as const)('%s objects are named and marked as AWS does', async (CompressionFormat, extension, encoding) => {
    const { stream, bucket } = await begin({ CompressionFormat });
    stream.put('shard-0', [{ page: 'books', event: 'a' }]);
    await until(() => bucket.objects.length === 1, 'an object');
    const { key, contentEncoding } = bucket.objects[0]!;
    expect(key).toMatch(
      new RegExp(`^page=books/event=a/to-lake-1-[\\d-]{19}-[0-9a-f-]{36}${extension.replace('.', '\\.')}$`),
    );
    expect(contentEncoding).toBe(encoding);
  });
});

async function begin(change: Partial<ExtendedS3Destination>, call?: LambdaFunction) {
  const stream = fakeStream(['shard-0']);
  const bucket = fakeBucket();
  const store = fakePositions();
  // An address that nothing calls: the test's own function stands in for it.
  const made = await configure(change, { functions: createFunctions({ transform: 'http://127.0.0.1:9' }) });
  const failures: string[] = [];
  const transform =
    made.lambda &&
    createTransform({
      configuration: made,
      lambda: { ...made.lambda, call: call! },
      deliveryStream: 'to-lake',
      sourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
      clock: hastyClock,
      meter: unmetered,
      logError: (code) => failures.push(code),
    });
  const worker = startWorker({
    ...workerBetween(stream, bucket, store),
    configuration: made,
    transform,
  });
  running.push(worker);
  return { stream, bucket, store, failures };
}

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:transform';
const lambda: Processors[0] = { Type: 'Lambda', Parameters: [{ ParameterName: 'LambdaArn', ParameterValue: arn }] };
interface Event {
  deliveryStreamArn: string;
  records: { recordId: string; data: string; kinesisRecordMetadata: { shardId: string; subsequenceNumber: number } }[];
}
const textOf = ({ data }: { data: string }) => Buffer.from(data, 'base64').toString();

describe('a Lambda function', () => {
  const prefix = {
    Prefix: 'page=!{partitionKeyFromQuery:page}/kind=!{partitionKeyFromLambda:kind}/',
    ...processing(lambda, {
      Type: 'MetadataExtraction',
      Parameters: [
        { ParameterName: 'MetadataExtractionQuery', ParameterValue: '{page:.page}' },
        { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
      ],
    }),
    CompressionFormat: 'UNCOMPRESSED' as const,
  };

  test('changes records, gives partition keys, drops records, and those that fail are error records with its ARN', async () => {
    const { stream, bucket, store, failures } = await begin(prefix, async (event) => ({
      records: (event as Event).records
        .filter((one) => textOf(one) !== 'lost')
        .map((one) => {
          const { recordId } = one;
          const text = textOf(one);
          if (text === 'drop') return { recordId, result: 'Dropped' };
          if (text === 'fail') return { recordId, result: 'ProcessingFailed', data: one.data };
          if (text === 'strange') return { recordId, result: 'Fine', data: one.data };
          const data = Buffer.from(`{"page":"${text}"}`).toString('base64');
          return { recordId, result: 'Ok', data, metadata: text === 'keyless' ? {} : { partitionKeys: { kind: 'x' } } };
        }),
    }));
    for (const text of ['books', 'drop', 'fail', 'strange', 'lost', 'keyless', 'food']) stream.put('shard-0', text);
    await until(() => store.last().get('shard-0')?.sequenceNumber === '7', 'all are done with');
    const contents = (start: string) =>
      bucket.objects.filter(({ key }) => key.startsWith(start)).map(({ body }) => body.toString());
    expect(contents('page=books/kind=x/')).toEqual(['{"page":"books"}']);
    expect(contents('page=food/kind=x/')).toEqual(['{"page":"food"}']);
    const lines = bucket.lines('errors/processing-failed/').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ errorCode, rawData }) => [errorCode, textOf({ data: String(rawData) })])).toEqual([
      ['Lambda.ProcessingFailedStatus', 'fail'],
      ['Lambda.JsonProcessingException', 'strange'],
      ['Lambda.MissingRecordId', 'lost'],
    ]);
    expect(Object.keys(lines[0]!)).toEqual([
      ...[
        'rawData',
        'errorCode',
        'errorMessage',
        'attemptsMade',
        'arrivalTimestamp',
        'attemptEndingTimestamp',
        'lambdaARN',
      ],
    ]);
    expect(lines[0]).toMatchObject({
      attemptsMade: 1,
      lambdaARN: arn,
      errorMessage: 'ProcessingFailed status set for record',
    });
    expect(bucket.lines('errors/metadata-extraction-failed/')).toHaveLength(1);
    expect(failures).toEqual([
      'Lambda.ProcessingFailedStatus',
      'Lambda.JsonProcessingException',
      'Lambda.MissingRecordId',
    ]);
  });

  test.each([
    ['no base64 at all', { data: '{"page":"books"}' }],
    ['no padding', { data: 'eyJwYWdlIjoiYiJ9'.slice(0, -1) }],
    ['too much padding', { data: 'eyJwYWdlIjoiYiJ9=' }],
    ['the URL-safe alphabet', { data: 'eyJwYWdlIjoi_-J9' }],
    ['a line break at the end', { data: 'eyJwYWdlIjoiYiJ9\n' }],
    ['white space within', { data: 'eyJw YWdl Ijoi YiJ9' }],
    ['padding within', { data: 'eyJwYQ==IjoiYiJ9' }],
    ['bytes as numbers', { data: [123, 125] }],
    ['an object', { data: { type: 'Buffer', data: [123, 125] } }],
    ['no data', { data: undefined }],
    ['keys that are a text', { metadata: { partitionKeys: 'kind' } }],
    ['keys that are a list', { metadata: { partitionKeys: ['kind'] } }],
    ['metadata that is a text', { metadata: 'kind' }],
    ['the id as a number', { recordId: 1 }],
    ['an id that differs in a space', { recordId: ' ' }],
    ['an id in a list', { recordId: [] }],
  ])('whose answer is not what AWS wants (%s) fails the record, with its own text', async (_, change) => {
    const { stream, bucket, store } = await begin(prefix, async (event) => ({
      records: (event as Event).records.map(({ recordId }) => ({
        ...{ recordId, result: 'Ok', data: 'eyJwYWdlIjoiYiJ9', metadata: { partitionKeys: { kind: 'x' } } },
        ...change,
      })),
    }));
    stream.put('shard-0', 'sent');
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'it is done with');
    const { errorCode, rawData } = JSON.parse(bucket.lines('errors/processing-failed/')[0]!);
    const wanted = 'recordId' in change ? 'Lambda.MissingRecordId' : 'Lambda.JsonProcessingException';
    expect({ errorCode, raw: textOf({ data: rawData }) }).toEqual({ errorCode: wanted, raw: 'sent' });
    expect(bucket.objects).toHaveLength(1);
  });

  test('that throws is tried again; when it goes on, its records are error records after four attempts', async () => {
    let calls = 0;
    const { stream, bucket, store } = await begin(prefix, async (event) => {
      calls++;
      if (calls <= 2) throw new Error('cold');
      const [one] = (event as Event).records;
      if (textOf(one!) === 'poison') throw new Error('poisoned');
      const data = Buffer.from('{"page":"books"}').toString('base64');
      return { records: [{ recordId: one!.recordId, result: 'Ok', data, metadata: { partitionKeys: { kind: 'x' } } }] };
    });
    stream.put('shard-0', 'good');
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'the first is done with');
    expect(calls).toBe(3);
    stream.put('shard-0', 'poison');
    await until(() => store.last().get('shard-0')?.sequenceNumber === '2', 'the second is done with');
    expect(calls).toBe(7);
    expect(JSON.parse(bucket.lines('errors/processing-failed/')[0]!)).toMatchObject({
      errorCode: 'Lambda.FunctionError',
      attemptsMade: 4,
      lambdaARN: arn,
    });
  });

  test('is a module or something that takes the event by POST', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-lambda-'));
    const path = join(folder, 'transform.mjs');
    writeFileSync(path, 'export const handler = async (event) => ({ records: event.records, by: "module" });');
    const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
      request.resume().on('end', () => {
        response.statusCode = request.url === '/broken' ? 500 : 200;
        response.end('{"records":[],"by":"http"}');
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const functions = createFunctions({ transform: path, remote: url, broken: `${url}/broken` });
    const call = async (name: string) =>
      (await functions.find(`arn:aws:lambda:us-east-1:000000000000:function:${name}:1`))(
        { records: [] },
        new AbortController().signal,
      );
    expect(await call('transform')).toMatchObject({ by: 'module' });
    expect(await call('remote')).toMatchObject({ by: 'http' });
    await expect(call('broken')).rejects.toThrow('/broken answered 500');
    await expect(call('other')).rejects.toThrow('--lambda other=FILE');
    server.close();
    await functions.close();
    rmSync(folder, { recursive: true });
  });
});

test('a backup has every record as it came, in its own bucket, and the position waits for it', async () => {
  const { stream, bucket, store } = await begin({
    S3BackupMode: 'Enabled',
    S3BackupConfiguration: {
      RoleARN: destination.RoleARN,
      BucketARN: 'arn:aws:s3:::raw',
      Prefix: 'source/!{timestamp:yyyy}/',
      CompressionFormat: 'GZIP',
    },
  });
  bucket.state.failing = (key) => (key.startsWith('source/') ? new Error('full') : undefined);
  stream.put('shard-0', '{"page":"books","event":"a"}\n');
  stream.put('shard-0', 'no json\n');
  await until(() => bucket.objects.length === 2, 'what became of them is there');
  expect(store.last().get('shard-0')?.sequenceNumber).toBeUndefined();
  bucket.state.failing = undefined;
  await until(() => store.last().get('shard-0')?.sequenceNumber === '2', 'the backup is there as well');
  expect(bucket.objects.find(({ bucket: name }) => name === 'raw')!.key).toMatch(/^source\/\d{4}\/to-lake-1-.*\.gz$/);
  expect(bucket.lines('source/')).toEqual(['{"page":"books","event":"a"}', 'no json']);
});
