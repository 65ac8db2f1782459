import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  PutObjectCommand,
  type ScanRange,
  SelectObjectContentCommand,
  type SelectObjectContentCommandInput,
} from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { startS3, type TestS3 } from './s3-helpers.js';

let s3: TestS3;
/** Where queries keep what they need while they run. */
let temporary: string;
const { TMPDIR } = process.env;
const Bucket = 'millrace-lake';
const events = [
  { event_id: 'a', page: 'books', event: 'clicked_review', item_id: 51, os: 'ios', tags: ['x', 'y'], at: { n: 1 } },
  { event_id: 'b', page: 'books', event: 'clicked_review', item_id: 52, os: null, at: { n: 2 } },
  { event_id: 'c', page: 'food', event: 'liked_item', item_id: 21, os: 'web', tags: [], at: { n: '2' } },
  { event_id: "d'", page: 'home', event: 'liked_item', item_id: 9_007_199_254, event_time: '2026-11-24T10:00:05Z' },
];
const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');

const put = (Key: string, Body: string | Buffer) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));

beforeAll(async () => {
  s3 = await startS3();
  temporary = await mkdtemp(join(tmpdir(), 'millrace-test-select-'));
  process.env.TMPDIR = temporary;
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  await put('lines.json', lines);
  await put('page=*[a]?/lines "1".gz', gzipSync(lines));
});
afterAll(async () => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  await s3.stop();
  await rm(temporary, { recursive: true, force: true });
});

interface Selected {
  text: string;
  stats: unknown;
  ended: boolean;
}

async function select(
  Expression: string,
  {
    key = 'lines.json',
    ...more
  }: { key?: string; ScanRange?: ScanRange } & Partial<SelectObjectContentCommandInput> = {},
): Promise<Selected> {
  const { Payload } = await s3.client.send(
    new SelectObjectContentCommand({
      Bucket,
      Key: key,
      ExpressionType: 'SQL',
      Expression,
      InputSerialization: { CompressionType: key.endsWith('.gz') ? 'GZIP' : 'NONE', JSON: { Type: 'LINES' } },
      OutputSerialization: { JSON: {} },
      ...more,
    }),
  );
  const selected: Selected = { text: '', stats: undefined, ended: false };
  for await (const event of Payload!) {
    if (event.Records) selected.text += Buffer.from(event.Records.Payload!).toString('utf8');
    if (event.Stats) selected.stats = event.Stats.Details;
    if (event.End) selected.ended = true;
  }
  return selected;
}

const rows = async (...args: Parameters<typeof select>): Promise<unknown[]> => {
  const { text, ended } = await select(...args);
  expect(ended).toBe(true);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
};

const failure = (...args: Parameters<typeof select>) =>
  select(...args).then(
    () => 'no failure',
    (error: { name: string; message: string }) => `${error.name}: ${error.message}`,
  );

describe('S3 Select', () => {
  test('the first records come whole and in order, from plain and from gzip, whatever the key is called', async () => {
    expect(await rows('SELECT * FROM s3object s LIMIT 2')).toEqual(events.slice(0, 2));
    expect(await rows('select * from S3Object[*] as s limit 3', { key: 'page=*[a]?/lines "1".gz' })).toEqual(
      events.slice(0, 3),
    );
    expect(await rows('SELECT s.* FROM S3Object s')).toEqual(events);
    expect(await rows('SELECT * FROM s3object LIMIT 0')).toEqual([]);
  });

  test('statements of many terms are answered: alternatives, a list, a sum, branches', async () => {
    const many = (term: (n: number) => string, by: string, count: number) =>
      Array.from({ length: count }, (_, n) => term(n)).join(by);
    const where = `${many((n) => `s.item_id = ${n}`, ' OR ', 300)} AND s.item_id IN (${many(String, ',', 2_000)})`;
    expect(await rows(`SELECT s.event_id FROM s3object s WHERE ${where}`)).toEqual([
      { event_id: 'a' },
      { event_id: 'b' },
      { event_id: 'c' },
    ]);
    const branches = many((n) => `WHEN s.item_id = ${n} THEN ${n}`, ' ', 100);
    expect(
      await rows(`SELECT ${many(() => 's.item_id', '+', 100)} AS n, CASE ${branches} END AS c FROM s3object s LIMIT 1`),
    ).toEqual([{ n: 5_100, c: 51 }]);
  });

  test.each<[where: string, ids: string]>([
    ["s.page = 'books' AND s.event = 'clicked_review'", 'ab'],
    ["page <> 'books'", "cd'"],
    ['s.item_id > 51', "bd'"],
    ['item_id = 9007199254', "d'"],
    ['s.at.n = 2', 'b'],
    ["s.at.n = '2'", 'c'],
    ['s.at.n = s.at.n', 'abc'],
    ['s.os IS NULL', "bd'"],
    ['s.os IS MISSING', "d'"],
    ['s.os IS NOT MISSING', 'abc'],
    ["s.event_id IN ('a', 'c', 'z')", 'ac'],
    ['s.item_id BETWEEN 21 AND 51', 'ac'],
    ["s.event LIKE 'clicked%'", 'ab'],
    ["s.event NOT LIKE 'clicked%'", "cd'"],
    ["s.event_id = 'd''' OR NOT s.item_id < 52", "bd'"],
    ['(s.item_id - 1) * 2 = 100', 'a'],
    ["UPPER(s.page) || '!' = 'FOOD!'", 'c'],
    ['CAST(s.at.n AS INT) = 2', 'bc'],
    ["s.tags[1] = 'y'", 'a'],
    ['SIZE(s.tags) = 0', 'c'],
    ["TO_TIMESTAMP(s.event_time) > TO_TIMESTAMP('2026-11-24T10:00:00Z')", "d'"],
    ['EXTRACT(SECOND FROM CAST(s.event_time AS TIMESTAMP)) = 5', "d'"],
    ["COALESCE(s.os, 'none') = 'none'", "bd'"],
    ["CASE WHEN s.item_id > 50 THEN 'x' ELSE s.page END = 'food'", 'c'],
    ['s."page" = \'home\'', "d'"],
  ])('WHERE %s', async (where, ids) => {
    const found = await rows(`SELECT s.event_id FROM s3object s WHERE ${where}`);
    expect(found.map((row) => (row as { event_id: string }).event_id).join('')).toBe(ids);
  });

  test('columns have their names or places, what is missing is left out, and JSON keeps its types', async () => {
    expect(
      await rows("SELECT s.os, s.at, s.item_id * 2, s.at.n AS deep FROM s3object s WHERE s.page <> 'food'"),
    ).toEqual([
      { os: 'ios', at: { n: 1 }, _3: 102, deep: 1 },
      { os: null, at: { n: 2 }, _3: 104, deep: 2 },
      { _3: 18_014_398_508 },
    ]);
  });

  test('aggregates', async () => {
    expect((await select('SELECT COUNT(*), AVG(s.item_id) AS mean FROM s3object s WHERE s.item_id < 100')).text).toBe(
      `{"_1":3,"mean":${124 / 3}}\n`,
    );
    expect(await rows('SELECT MAX(s.item_id), MIN(item_id), SUM(s.item_id) FROM s3object s WHERE s.at.n = 9')).toEqual([
      { _1: null, _2: null, _3: null },
    ]);
    expect(await rows('SELECT COUNT(s.os) FROM s3object s')).toEqual([{ _1: 2 }]);
  });

  test('elements of an array are rows of their own', async () => {
    expect(await rows('SELECT * FROM S3Object[*].tags[*] t')).toEqual([{ _1: 'x' }, { _1: 'y' }]);
    await put('array.json', JSON.stringify([{ a: 1 }, { a: 2 }]));
    const document = { key: 'array.json', InputSerialization: { JSON: { Type: 'DOCUMENT' as const } } };
    expect(await rows('SELECT s.a FROM S3Object[*][*] s', document)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test('several values one after the other are read as a document', async () => {
    await put('glued.json', JSON.stringify(events[0]) + JSON.stringify(events[1]));
    const document = { key: 'glued.json', InputSerialization: { JSON: { Type: 'DOCUMENT' as const } } };
    expect(await rows('SELECT * FROM s3object', document)).toEqual(events.slice(0, 2));
  });

  test('CSV comes out quoted where it must be', async () => {
    const OutputSerialization = { CSV: {} };
    expect((await select("SELECT s.event_id, s.os, s.page || ',' FROM s3object s", { OutputSerialization })).text).toBe(
      `a,ios,"books,"\nb,,"books,"\nc,web,"food,"\nd',,"home,"\n`,
    );
  });

  test('Parquet', async () => {
    const file = `${s3.root}/made.parquet`;
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT i AS item_id, 'p' || i AS page FROM range(5) t(i)) TO '${file}' (FORMAT parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    await put('made.parquet', await readFile(file));
    const parquet = { key: 'made.parquet', InputSerialization: { Parquet: {} } };
    expect(await rows('SELECT * FROM s3object s WHERE s.item_id > 2', parquet)).toEqual([
      { item_id: 3, page: 'p3' },
      { item_id: 4, page: 'p4' },
    ]);
    await put('not.parquet', 'nothing of the kind');
    expect(await failure('SELECT * FROM s3object', { ...parquet, key: 'not.parquet' })).toMatch(/ParquetParsingError/);
  });

  test('the statistics are the bytes stored, read and returned, and progress comes when asked for', async () => {
    const { text, stats } = await select('SELECT s.page FROM s3object s', {
      key: 'page=*[a]?/lines "1".gz',
      RequestProgress: { Enabled: true },
    });
    expect(stats).toEqual({
      BytesScanned: gzipSync(lines).length,
      BytesProcessed: lines.length,
      BytesReturned: text.length,
    });
  });

  test('a scan range gives each record to exactly one of adjoining ranges', async () => {
    const ids = async (ScanRange: ScanRange) =>
      (await rows('SELECT s.event_id FROM s3object s', { ScanRange })).map(
        (row) => (row as { event_id: string }).event_id,
      );
    for (let cut = 1; cut < lines.length - 1; cut += 29) {
      const first = await ids({ Start: 0, End: cut - 1 });
      const second = await ids({ Start: cut, End: lines.length });
      expect([...first, ...second]).toEqual(['a', 'b', 'c', "d'"]);
    }
    expect(await ids({ End: 10 })).toEqual([]);
  });

  test('a large result comes whole, in several messages', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => ({ n, filler: randomBytes(20).toString('hex') }));
    await put('many.gz', gzipSync(many.map((row) => JSON.stringify(row)).join('\n')));
    expect(await rows('SELECT * FROM s3object', { key: 'many.gz' })).toEqual(many);
  });

  test.each<[expression: string, code: RegExp]>([
    ['SELEKT *', /ParseUnexpectedToken.*SELECT/],
    ['SELECT * FROM other', /InvalidDataSource/],
    ['SELECT * FROM s3object s GROUP BY s.page', /ParseUnexpectedToken.*"GROUP"/],
    ['SELECT * FROM s3object s WHERE (SELECT 1)', /ParseUnsupportedSelect/],
    ['SELECT ~ FROM s3object', /LexerInvalidChar/],
    ['SELECT *, s.a FROM s3object s', /ParseAsteriskIsNotAlone/],
    ['SELECT COUNT(*), s.a FROM s3object s', /UnsupportedSqlStructure/],
    ["SELECT read_text('/etc/passwd') FROM s3object", /UnsupportedFunction.*READ_TEXT/],
    ['SELECT * FROM s3object; DROP VIEW records', /LexerInvalidChar/],
    ['SELECT CAST(s.page AS INT) FROM s3object s', /CastFailed/],
    ["SELECT * FROM s3object s WHERE 1 = 'a'", /InvalidDataType/],
    [`SELECT * FROM s3object WHERE ${'('.repeat(5000)}1`, /nested too deep/],
    [`SELECT * FROM s3object WHERE a = '${'x'.repeat(300_000)}'`, /ExpressionTooLong/],
  ])('%s is refused in the words of S3', async (expression, code) => {
    expect(await failure(expression)).toMatch(code);
  });

  test('damaged objects, and requests that are not carried out, are refused by name', async () => {
    await put('bad.json', '{"a":1}\n{"a":\n');
    expect(await failure('SELECT * FROM s3object', { key: 'bad.json' })).toMatch(/^JSONParsingError.*the object/);
    await put('cut.gz', gzipSync(lines).subarray(0, 100));
    expect(await failure('SELECT * FROM s3object', { key: 'cut.gz' })).toMatch(/^InvalidCompressionFormat/);
    expect(await failure('SELECT * FROM s3object', { key: 'nothing' })).toMatch(/^NoSuchKey/);
    await put('long.json', JSON.stringify({ a: 'x'.repeat(1_100_000) }));
    expect(await failure('SELECT * FROM s3object', { key: 'long.json' })).toMatch(/^OverMaxRecordSize/);
    expect(await failure('SELECT * FROM s3object', { InputSerialization: { CSV: {} } })).toMatch(
      /^NotImplemented.*CSV/,
    );
    const bzip2 = { JSON: { Type: 'LINES' as const }, CompressionType: 'BZIP2' as const };
    expect(await failure('SELECT * FROM s3object', { InputSerialization: bzip2 })).toMatch(/^NotImplemented.*BZIP2/);
    await put('empty.json', '');
    expect(await rows('SELECT * FROM s3object', { key: 'empty.json' })).toEqual([]);
  });

  test('no query leaves anything behind', async () => {
    await eventually('an empty folder', async () => (await readdir(temporary)).length === 0);
  });
});
