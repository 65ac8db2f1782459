import { mkdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { event, lines, temporaryLake } from '@millrace/testing/lake-fixture';
import { type AuditableLake, openLake } from '../src/index.js';

let instance: DuckDBInstance;
let writer: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  writer = await instance.connect();
});
afterAll(() => {
  writer.closeSync();
  instance.closeSync();
});

let at: ReturnType<typeof temporaryLake>;
let lake: AuditableLake;
beforeEach(async () => {
  at = temporaryLake();
  lake = await openLake({ folder: at.folder });
});
afterEach(async () => {
  await lake.close();
  at.remove();
});

/** A Parquet object of the rows that the SQL gives. */
async function parquet(sql: string): Promise<Buffer> {
  const path = `${at.parent}/made.parquet`;
  mkdirSync(at.parent, { recursive: true });
  await writer.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  return readFileSync(path);
}

const row = "'e' || uuid() AS event_id, 'p' AS stream_id, 1 AS seq";
const folder = 'page=books/event=liked_item';
const line = () => lines(event({ page: 'garden', event: 'other' }));

test('objects of others, all in one lake: every row is there, under its key, in the page and event of the key', async () => {
  const made: Record<string, string | Buffer> = {
    [`${folder}/ours.gz`]: gzipSync(line()),
    [`${folder}/filename.parquet`]: await parquet(`SELECT ${row}, 'mine' AS filename, 1 AS millrace_file`),
    [`${folder}/keys.parquet`]: await parquet(`SELECT ${row}, 7 AS page, {'a': 1} AS event, 'x' AS dt`),
    [`${folder}/Keys.parquet`]: await parquet(`SELECT ${row}, 7 AS "PAGE", 8 AS "Event", 9 AS object`),
    [`${folder}/numbers.parquet`]: await parquet("SELECT 5 AS event_id, 6.5 AS stream_id, '1' AS seq, 7 AS title"),
    [`${folder}/nested.parquet`]: await parquet("SELECT {'a': 1} AS event_id, [1] AS seq, map {'k': 1} AS title"),
    [`${folder}/none-of-ours.parquet`]: await parquet('SELECT 1 AS a, 2 AS b'),
    [`${folder}/upper.parquet`]: await parquet("SELECT 'u' AS EVENT_ID, 'p' AS Stream_Id, 1 AS SEQ"),
    [`${folder}/dt=2026-11-22/date.parquet`]: await parquet(`SELECT ${row}, 5 AS dt`),
    [`${folder}/no-ending`]: await parquet(`SELECT ${row}`),
    [`${folder}/lines.parquet`]: line(),
    [`${folder}/lines-in-gzip.parquet`]: gzipSync(line()),
    [`${folder}/fields.json`]: lines({
      ...event(),
      filename: 'f',
      page: 7,
      event: {},
      dt: 'x',
      object: 1,
      key: 2,
      path: 3,
    }),
    [`${folder}/nested.json`]: lines({
      ...event(),
      title: { a: 1 },
      seq: { b: [1] },
      event_id: ['x'],
      properties: 'text',
    }),
    [`${folder}/bom.json`]: `\ufeff${line()}`,
    [`${folder}/twice.json`]: '{"event_id":"a","event_id":"b","seq":1}\n',
    [`${folder}/seq=5/filename=x/names.json`]: line(),
    [`${folder}/year=2026/month=11/more-keys.json`]: line(),
    [`${folder}/PAGE=other/capitals.json`]: line(),
    [`${folder}/[a-z]*.parquet`]: await parquet(`SELECT ${row}`),
    'page=a=b/event=c/key.parquet': await parquet(`SELECT ${row}`),
    'page=a\nb/event=%zz/break.json': line(),
    'page=a/event=/empty.json': line(),
  };
  for (const [key, bytes] of Object.entries(made)) at.writeBytes(key, bytes);
  const { rows, damaged, strange } = await lake.query(
    'select object, page, event, count(*) from events_raw group by all',
  );
  expect({ damaged, strange }).toEqual({ damaged: [], strange: [] });
  const wanted = Object.keys(made).map((key) => [
    key,
    ...(/^page=([^/]*)\/event=([^/]*)\//.exec(key) ?? []).slice(1),
    1,
  ]);
  const sorted = (all: unknown[][]) => all.map((each) => JSON.stringify(each)).sort();
  expect(sorted(rows)).toEqual(sorted(wanted));
  expect((await lake.list()).reduce((sum, { events }) => sum + events, 0)).toBe(rows.length);
  expect((await lake.query("select count(*) from events where page = 'books'")).rows).toEqual([[rows.length - 3]]);
  expect((await lake.audit()).rows).toBe(rows.length);
});

test('objects that cannot be read are named, whatever they are, and cost nothing else', async () => {
  const good = await parquet(`SELECT ${row} FROM range(50)`);
  const end = good.length;
  const footer = end - 8 - good.readUInt32LE(end - 8);
  const broken: Record<string, string | Buffer> = {
    'cut.parquet': good.subarray(0, end / 2),
    'footer.parquet': Buffer.concat([good.subarray(0, end - 12), Buffer.alloc(12, 1)]),
    'schema.parquet': Buffer.concat([good.subarray(0, footer), Buffer.alloc(40, 0xff), good.subarray(footer + 40)]),
    'pages.parquet': Buffer.concat([good.subarray(0, 4), Buffer.alloc(200, 0xff), good.subarray(204)]),
    'empty.parquet': '',
    'csv.parquet': 'event_id,seq\na,1\n',
    'table.csv': 'event_id,seq\na,1\n',
    'table.tsv.gz': gzipSync('event_id\tseq\na\t1\n'),
    'page.html': '<html></html>\n',
    'whole.json': JSON.stringify(event(), null, 2),
    'list.json': JSON.stringify([event(), event()]),
    'utf16.json': Buffer.from(line(), 'utf16le'),
    'archive.zip.json': Buffer.from('PK\u0003\u0004zip'),
  };
  for (const [name, bytes] of Object.entries(broken)) at.writeBytes(`${folder}/${name}`, bytes);
  at.writeBytes(`${folder}/good.parquet`, good);
  at.writeBytes(`${folder}/good.gz`, gzipSync(line()));
  const named = Object.keys(broken)
    .map((name) => `${folder}/${name}`)
    .sort();
  const { rows, damaged } = await lake.query('select count(*), count(distinct stream_id), max(seq) from events');
  expect(rows).toMatchObject([[51, 2, expect.anything()]]);
  expect(damaged.map(({ key }) => key).sort()).toEqual(named);
  for (const { message, unreadableLines } of damaged) {
    expect(message).not.toContain(at.parent);
    expect(unreadableLines).not.toBe(0);
  }
  expect((await lake.audit()).damaged.map(({ key }) => key).sort()).toEqual(named);
  expect((await lake.list()).reduce((sum, each) => sum + each.rows, 0)).toBeGreaterThanOrEqual(51);
});

test('values of Parquet columns of any type are those of the same JSON Lines', async () => {
  at.writeBytes(
    `${folder}/typed.parquet`,
    await parquet(`SELECT 'a' AS event_id, {'rating': 5} AS properties, timestamptz '2026-11-23 10:00:00+02' AS event_time,
      encode('bücher') AS title, 1 AS is_bot, 7::DECIMAL(38, 0) AS user_id, 3::UTINYINT AS seq, '2.5' AS item_price
      UNION ALL BY NAME SELECT 'b' AS event_id, NULL AS properties`),
  );
  at.writeBytes(
    `${folder}/text.parquet`,
    await parquet(`SELECT 'c' AS event_id, '{"rating":5}' AS properties, 'free' AS item_price`),
  );
  at.writeBytes(
    `${folder}/odd.parquet`,
    await parquet("SELECT 'd' AS event_id, 'no json' AS properties, [1, 2] AS title"),
  );
  const sql =
    'select event_id, properties, event_time, title, is_bot, user_id, seq, item_price from events order by event_id';
  expect((await lake.query(sql)).rows).toEqual([
    ['a', { rating: 5 }, '2026-11-23T08:00:00.000Z', 'bücher', true, '7', 3, 2.5],
    ['b', null, null, null, null, null, null, null],
    ['c', { rating: 5 }, null, null, null, null, null, null],
    ['d', 'no json', null, '[1,2]', null, null, null, null],
  ]);
});

test('what other tools leave beside objects is passed over, as Athena does', async () => {
  at.put('books', 'liked_item', event());
  for (const name of ['_SUCCESS', '.part.crc', '_temporary/0/part.json', '.staging/part.json', '_delta_log/0.json']) {
    at.writeBytes(`${folder}/${name}`, line());
  }
  const { rows, damaged, strange, looked } = await lake.query('select count(*) from events');
  expect({ rows, damaged, strange }).toEqual({ rows: [[1]], damaged: [], strange: [] });
  expect(looked!.passedOver.count).toBe(5);
  expect((await lake.audit()).rows).toBe(1);
});

test('among the error objects, too: what is none is named or left out, and no time is too large', async () => {
  const failed = { rawData: 'eA==', errorCode: 'E', arrivalTimestamp: 9e18 };
  at.writeBytes('errors/failed/torn', lines('{"broken":', failed, 'no json', failed));
  at.writeBytes('errors/failed/[t]*rn', lines(failed));
  at.writeBytes('errors/failed/values', lines('1', '"text"', '[1]', 'null'));
  at.writeBytes('errors/failed/table.csv', 'a,b\n1,2\n');
  at.writeBytes('errors/failed/zeros', Buffer.alloc(3_000));
  at.writeBytes('errors/failed/object.parquet', await parquet(`SELECT ${row}`));
  at.writeBytes('errors/_SUCCESS', '');
  const { rows, damaged } = await lake.query('select object, raw, arrived_at from errors order by object');
  expect(rows).toEqual(['[t]*rn', 'torn', 'torn'].map((name) => [`errors/failed/${name}`, 'x', null]));
  expect(damaged.map(({ key }) => key.slice('errors/failed/'.length)).sort()).toEqual([
    'object.parquet',
    'table.csv',
    'torn',
    'zeros',
  ]);
});
