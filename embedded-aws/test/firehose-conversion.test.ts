import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { configureConversion, type Schema } from '../src/firehose/config/conversion.js';
import type { DeliveryConfiguration } from '../src/firehose/config/delivery-configuration.js';
import { findSchema } from '../src/firehose/config/find-schema.js';
import { duckdbType, parseHiveType } from '../src/firehose/config/hive-type.js';
import { createConverter } from '../src/firehose/route/convert-record.js';
import { startWorker } from '../src/firehose/worker.js';
import { toParquet } from '../src/firehose/write/to-parquet.js';
import { configure, destination, fakeBucket, fakePositions, fakeStream, hastyClock, until } from './firehose-fakes.js';

const openX = (options: object = {}) => ({
  SchemaConfiguration: { RoleARN: destination.RoleARN, DatabaseName: 'd', TableName: 't' },
  InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: options } },
  OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'GZIP' as const } } },
});

const schema = (columns: Record<string, string>): Schema => ({
  id: '0@0',
  columns: Object.entries(columns).map(([name, type]) => ({ name, type: parseHiveType(type) })),
  table: { catalogId: '0', databaseName: 'd', tableName: 't', region: 'us-east-1', versionId: 'LATEST' },
});

/** What a value becomes in a column of the type, or why it becomes nothing. */
function converted(type: string, value: unknown, options: object = {}): unknown {
  const made = createConverter(configureConversion(openX(options), schema({ c: type })))({ c: value });
  return 'errorCode' in made ? made.errorMessage : (JSON.parse(made.toString()) as { c: unknown }).c;
}

test.each([
  ['string', JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), /nested too deep/],
  ['double', `${'1'.repeat(500_000)}x`, /is not a double/],
  ['decimal(38,2)', '1'.repeat(500_000), /is not a decimal/],
  ['bigint', '1'.repeat(500_000), /is not a 64-bit integer/],
])('a %s of any length and depth is converted, or says why it is not', (type, value, reason) => {
  expect(converted(type, value)).toMatch(reason);
});

async function readParquet(bytes: Buffer, sql: string): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-parquet-'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const file = join(folder, 'x.parquet');
    await writeFile(file, bytes);
    return (await connection.runAndReadAll(sql.replaceAll('FILE', `'${file}'`))).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

describe('column types', () => {
  test.each([
    ['bigint', 'BIGINT'],
    ['decimal(10,2)', 'DECIMAL(10,2)'],
    ['varchar(5)', 'VARCHAR'],
    ['array<struct<sku:string, price:double>>', 'STRUCT("sku" VARCHAR, "price" DOUBLE)[]'],
    ['map<string,array<int>>', 'MAP(VARCHAR, INTEGER[])'],
    ['STRUCT<a:struct<b:timestamp>>', 'STRUCT("a" STRUCT("b" TIMESTAMP))'],
  ])('%s is %s in DuckDB', (hive, duckdb) => {
    expect(duckdbType(parseHiveType(hive))).toBe(duckdb);
  });

  test.each([
    'array<'.repeat(20_000),
    `${'array<'.repeat(20_000)}int${'>'.repeat(20_000)}`,
    `${'struct<a:'.repeat(10_000)}int${'>'.repeat(10_000)}`,
  ])('one that is nested too deep is refused: %.20s…', (hive) => {
    expect(() => parseHiveType(hive)).toThrow(/^the type .{0,300} is nested too deep$/);
  });

  test.each(['binary', 'map<int,string>', 'array<int', 'struct<a>', 'decimal(40,2)', 'int int', ''])(
    '"%s" is refused with its name',
    (hive) => {
      expect(() => parseHiveType(hive)).toThrow(`the type ${hive}`);
    },
  );
});

describe('a value in its column', () => {
  test.each([
    ['int', 5, 5],
    ['int', '5', 5],
    ['int', null, null],
    ['bigint', '9223372036854775807', '9223372036854775807'],
    ['double', '1.5', 1.5],
    ['decimal(6,2)', 12.5, '12.50'],
    ['decimal(6,2)', '-1.005', '-1.01'],
    ['decimal(38,0)', '1.5e37', '15000000000000000000000000000000000000'],
    ['decimal(6,3)', 1e-7, '0.000'],
    ['boolean', 'true', true],
    ['string', 5, '5'],
    ['string', { a: [1] }, '{"a":[1]}'],
    ['varchar(3)', 'a😀bc', 'a😀b'],
    ['date', '2026-02-28', '2026-02-28'],
    ['timestamp', '2026-11-25T04:00:00.123456Z', '2026-11-25 04:00:00.123456'],
    ['timestamp', '2026-11-25T04:00:00+02:00', '2026-11-25 02:00:00'],
    ['timestamp', '2026-11-25 04:00:00', '2026-11-25 04:00:00'],
    ['timestamp', 1_790_000_000, '2026-09-21 14:13:20.000'],
    ['timestamp', 1_790_000_000_123, '2026-09-21 14:13:20.123'],
    ['array<int>', ['1', 2], [1, 2]],
    ['map<string,int>', { a: '1' }, { a: 1 }],
    ['struct<sku:string,n:int>', { SKU: 'x', N: 1, more: 2 }, { sku: 'x', n: 1 }],
  ])('%s: %j becomes %j', (type, value, expected) => {
    expect(converted(type, value)).toEqual(expected);
  });

  test.each([
    ['int', 'many', 'c: "many" is not a 32-bit integer'],
    ['int', 1.5, 'c: 1.5 is not a 32-bit integer'],
    ['tinyint', 200, 'c: 200 is not an 8-bit integer'],
    ['bigint', 2 ** 60, `c: ${2 ** 60} is past 2^53, where a JSON number is not exact: send it as text`],
    ['bigint', '9223372036854775808', 'c: "9223372036854775808" is not a 64-bit integer'],
    ['decimal(4,2)', 99.999, 'c: 99.999 has more digits than the column'],
    ['float', 1e300, 'c: 1e+300 is not a float'],
    ['timestamp', 8.64e15, 'c: 8640000000000000 is not a timestamp'],
    ['decimal(4,2)', 123.4, 'c: 123.4 has more digits than the column'],
    ['boolean', 1, 'c: 1 is not a boolean'],
    ['date', '2026-02-30', 'c: "2026-02-30" is not a date'],
    ['timestamp', '2026-02-30 00:00:00', 'c: "2026-02-30 00:00:00" is not a timestamp'],
    ['array<struct<n:int>>', [{ n: 'x' }], 'c[0].n: "x" is not a 32-bit integer'],
  ])('%s: %j is refused with its place', (type, value, message) => {
    expect(converted(type, value)).toBe(message);
  });

  test('columns are found in any case, by another name, and with dots for underscores, as the deserializer is told', () => {
    const convert = (options: object, record: object, column = 'my_column') => {
      const made = createConverter(configureConversion(openX(options), schema({ [column]: 'int' })))(record);
      return (JSON.parse(made.toString()) as Record<string, unknown>)[column];
    };
    expect(convert({}, { My_Column: 1 })).toBe(1);
    expect(convert({ CaseInsensitive: false }, { My_Column: 1 })).toBeNull();
    expect(convert({ ConvertDotsInJsonKeysToUnderscores: true }, { 'my.column': 1 })).toBe(1);
    expect(convert({ ColumnToJsonKeyMappings: { my_column: 'other' } }, { other: 1 })).toBe(1);
  });

  test('whatever JSON comes, it is converted to what DuckDB writes, or refused: never an object that cannot be made', async () => {
    const types = [
      'int',
      'bigint',
      'double',
      'decimal(9,3)',
      'decimal(38,0)',
      'float',
      'boolean',
      'string',
      'timestamp',
      'date',
    ];
    const columns = Object.fromEntries([
      ...types.map((type, index) => [`c${index}`, type]),
      ['list', 'array<decimal(5,1)>'],
      ['nested', 'struct<m:map<string,bigint>,t:timestamp>'],
    ]) as Record<string, string>;
    const configuration = configureConversion(openX(), schema(columns));
    const convert = createConverter(configuration);
    const scalar = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n.toFixed(2)),
      fc
        .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
        .map((date) => date.toISOString()),
    );
    const list = fc.array(fc.oneof(fc.integer({ min: -999, max: 999 }), scalar), { maxLength: 2 });
    const nested = fc.record({ m: fc.dictionary(fc.string(), fc.maxSafeInteger(), { maxKeys: 2 }), t: scalar });
    // One column at a time: a value that does not fit would hide what becomes of the others.
    const record = fc
      .tuple(fc.constantFrom(...Object.keys(columns)), scalar, list, nested)
      .map(([name, one, many, inner]) => ({ [name]: name === 'list' ? many : name === 'nested' ? inner : one }));
    const rows: Buffer[] = [];
    for (const one of fc.sample(record, 10_000)) {
      const made = convert(one);
      if (!('errorCode' in made)) rows.push(made);
      else expect(made.errorCode).toBe('DataFormatConversion.MalformedData');
    }
    expect(rows.length).toBeGreaterThan(2_000);
    const [{ count }] = (await readParquet(
      await toParquet(rows, configuration),
      'SELECT count(*)::int AS count FROM read_parquet(FILE)',
    )) as [{ count: number }];
    expect(count).toBe(rows.length);
  }, 60_000);
});

test('a Parquet object has the columns’ types and values, and the compression that was asked for', async () => {
  const configuration = configureConversion(
    openX(),
    schema({ n: 'bigint', at: 'timestamp', price: 'decimal(6,2)', tags: 'array<string>', missing: 'double' }),
  );
  const made = createConverter(configuration)({
    n: '9007199254740993',
    at: '2026-11-25T04:00:00.5Z',
    price: '1.005',
    tags: ['a'],
  });
  const bytes = await toParquet([made as Buffer], configuration);
  expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
  expect(await readParquet(bytes, 'SELECT * FROM read_parquet(FILE)')).toEqual([
    {
      n: '9007199254740993',
      at: '2026-11-25 04:00:00.5',
      price: '1.01',
      tags: ['a'],
      missing: null,
    },
  ]);
  expect(await readParquet(bytes, 'SELECT DISTINCT compression FROM parquet_metadata(FILE)')).toEqual([
    { compression: 'GZIP' },
  ]);
});

/** Glue, with one table in these versions. */
const tables = (...versions: Record<string, string>[]) => ({
  versions: () =>
    versions.map((columns, version) => ({
      version,
      atMs: version,
      input: {
        Name: 't',
        StorageDescriptor: { Columns: Object.entries(columns).map(([Name, Type]) => ({ Name, Type })) },
      },
    })),
});

describe('a delivery that converts', () => {
  const conversion = { ...openX(), Enabled: true };
  const started = async (
    columns: Record<string, string>,
    change: object = {},
    alter: (configuration: DeliveryConfiguration) => void = () => {},
  ) => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const store = fakePositions();
    const configuration = await configure(
      { CompressionFormat: 'UNCOMPRESSED', DataFormatConversionConfiguration: conversion, ...change },
      { tables: tables(columns) },
    );
    alter(configuration);
    const worker = startWorker({
      ...{ deliveryStream: 'to-lake', version: 1, configuration, startMs: 0, source: stream.source, sink: bucket.sink },
      ...{ stored: new Map(), positions: store.positions, timeScale: 1_000, clock: hastyClock, log: () => {} },
    });
    return { stream, bucket, store, worker };
  };

  test('writes one Parquet object a partition, and what does not fit to the error prefix with its reason and bytes', async () => {
    const { stream, bucket, store, worker } = await started({ n: 'int', event: 'string' });
    stream.put('shard-0', [
      { page: 'books', event: 'liked_item', n: 1 },
      { page: 'books', event: 'liked_item', n: 'many' },
      { page: 'books', event: 'liked_item', n: 2 },
      { page: 'books' },
    ]);
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'all is delivered');
    await worker.stop(0);
    const [object] = bucket.objects.filter(({ key }) => key.startsWith('page='));
    expect(object).toMatchObject({
      key: expect.stringMatching(/^page=books\/event=liked_item\/to-lake-1-.*\.parquet$/),
    });
    expect(object!.contentEncoding).toBeUndefined();
    expect(await readParquet(object!.body, 'SELECT * FROM read_parquet(FILE) ORDER BY n')).toEqual([
      { n: 1, event: 'liked_item' },
      { n: 2, event: 'liked_item' },
    ]);
    const [line] = bucket.lines('errors/format-conversion-failed/').map((text) => JSON.parse(text));
    expect(Object.keys(line)).toEqual([
      ...['attemptsMade', 'arrivalTimestamp', 'lastErrorCode', 'lastErrorMessage', 'attemptEndingTimestamp'],
      ...['rawData', 'sequenceNumber', 'subSequenceNumber', 'dataCatalogTable'],
    ]);
    expect(line).toMatchObject({
      lastErrorCode: 'DataFormatConversion.MalformedData',
      lastErrorMessage: 'n: "many" is not a 32-bit integer',
      sequenceNumber: '1',
      dataCatalogTable: { databaseName: 'd', tableName: 't' },
    });
    expect(JSON.parse(Buffer.from(line.rawData, 'base64').toString()).n).toBe('many');
    expect(bucket.lines('errors/metadata-extraction-failed/')).toHaveLength(1);
  });

  test('rows that Parquet does not take after all end as lines of an error object, and hold up nothing', async () => {
    const { stream, bucket, store, worker } = await started({ n: 'string' }, {}, (configuration) => {
      configuration.conversion!.columns = [{ name: 'n', duckdb: 'INTEGER' }];
    });
    stream.put('shard-0', [{ page: 'books', event: 'x', n: 'no number' }]);
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'it is done with');
    await worker.stop(0);
    const [line] = bucket.lines('errors/format-conversion-failed/').map((text) => JSON.parse(text));
    expect(line).toMatchObject({ lastErrorCode: 'DataFormatConversion.MalformedData' });
    expect(Buffer.from(line.rawData, 'base64').toString()).toBe('{"n":"no number"}');
  });

  test('without dynamic partitioning what is no JSON fails to parse', async () => {
    const { stream, bucket, store, worker } = await started(
      { n: 'int' },
      {
        Prefix: 'data/',
        DynamicPartitioningConfiguration: undefined,
        ProcessingConfiguration: undefined,
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
      },
    );
    stream.put('shard-0', 'no json');
    stream.put('shard-0', '{"n":1}');
    stream.put('shard-0', '[1]');
    await until(() => store.last().get('shard-0')?.sequenceNumber === '3', 'all is delivered');
    await worker.stop(0);
    const codes = bucket.lines('errors/format-conversion-failed/').map((line) => JSON.parse(line).lastErrorCode);
    expect(codes).toEqual(['DataFormatConversion.ParseError', 'DataFormatConversion.MalformedData']);
    expect(bucket.objects.filter(({ key }) => key.startsWith('data/'))).toHaveLength(1);
  });
});

describe('the table', () => {
  const names = (found: Schema) => found.columns.map(({ name }) => name);
  const asked = (VersionId?: string) => ({
    ...openX(),
    SchemaConfiguration: { ...openX().SchemaConfiguration, ...(VersionId === undefined ? {} : { VersionId }) },
  });

  test('is its newest version, or the one that was asked for', () => {
    const there = tables({ a: 'int' }, { a: 'int', b: 'string' });
    expect(names(findSchema(asked(), there))).toEqual(['a', 'b']);
    expect(names(findSchema(asked('0'), there))).toEqual(['a']);
    expect(findSchema(asked('0'), there).id).not.toBe(findSchema(asked('LATEST'), there).id);
  });

  test('is refused, by name, where it is not there, has no columns or one of a type that is not converted', () => {
    expect(() => findSchema(asked('7'), tables({ a: 'int' }))).toThrow('table d.t has no version 7');
    expect(() => findSchema(asked(), tables({}))).toThrow('table d.t has no columns');
    expect(() => findSchema(asked(), tables({ a: 'binary' }))).toThrow('table d.t: the type binary');
    expect(() => findSchema(asked(), undefined)).toThrow('no Glue');
  });
});
