import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lakeColumns } from '@millrace/sdk/schema';
import { borrowMoto, type LentMoto } from '@millrace/testing/moto';
import { needs } from '@millrace/testing/needs';
import { type Athena, openAthena } from '../src/athena/athena-client.js';
import { queryPrice } from '../src/athena/price.js';
import { plainValue } from '../src/athena/values.js';
import { partitionCounts, withViews } from '../src/athena/views.js';
import type { EventFilter } from '../src/lake.js';

const tables = { database: 'clickstream', table: 'events' };

describe('a statement for Athena', () => {
  test('has the views that it names before it, and those that these need', () => {
    const text = withViews("select * from events where page='books' limit 5;", tables);
    expect(text).toMatch(
      /^WITH events_raw AS \([\s\S]*\),\nevents AS \([\s\S]*\)\nselect \* from events where page='books' limit 5$/,
    );
    expect(text).toContain('"clickstream"."events" WHERE "page" NOT IN (\'_quarantine\', \'_ledger\')');
    // A line that is no JSON is a row of NULLs to the SerDe, and no event.
    expect(text).toContain('AND NOT ("event_id" IS NULL AND "event_time" IS NULL AND');
    expect(text).not.toContain('quarantine AS');
    expect(withViews('select count(*) from quarantine', tables)).toMatch(/^WITH quarantine AS/);
    expect(withViews('select 1', tables)).toBe('select 1');
  });

  test('goes on after ours when it has a WITH of its own', () => {
    const text = withViews('with few as (select * from events_raw limit 3) select count(*) from few', tables);
    expect(text.match(/\bwith\b/gi)).toHaveLength(1);
    expect(text).toMatch(/\),\n few as \(select \* from events_raw limit 3\) select count\(\*\) from few$/);
  });

  test.each(['drop table events', 'insert into events select 1', 'show tables', ''])('%j is refused', (sql) => {
    expect(() => withViews(sql, tables)).toThrow(/only a SELECT/);
  });

  test('every view is SQL that a parser takes (DuckDB’s; no Athena is at hand)', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for (const view of ['events', 'events_raw', 'quarantine', 'errors']) {
      for (const datePartition of [false, true]) {
        const text = withViews(`select * from ${view}`, { ...tables, datePartition });
        const quoted = text.replaceAll("'", "''");
        const answer = await connection.runAndReadAll(`SELECT json_serialize_sql('${quoted}')`);
        expect(JSON.parse(String(answer.getRows()[0]![0]))).toMatchObject({ error: false });
      }
    }
    connection.closeSync();
    instance.closeSync();
  });
});

describe('copies on Athena, its SQL run by DuckDB', () => {
  const row = (given: Record<string, unknown>) => ({
    page: 'books',
    event: 'liked_item',
    event_id: '01a2-b',
    received_at: '2026-11-23T08:00:05.000Z',
    ...given,
  });
  test.each([
    [
      'the same three',
      [
        { stream_id: 's', seq: 1 },
        { stream_id: 's', seq: 1, title: 'again' },
      ],
      1,
    ],
    [
      'another stream',
      [
        { stream_id: 's', seq: 1 },
        { stream_id: 'attacker', seq: 1 },
      ],
      2,
    ],
    [
      'another number',
      [
        { stream_id: 's', seq: 1 },
        { stream_id: 's', seq: 7 },
      ],
      2,
    ],
    ['neither has a stream', [{ title: 'a' }, { title: 'b' }], 1],
    ['one has no stream', [{ title: 'a' }, { stream_id: 's', seq: 1 }], 2],
    [
      'none has an id',
      [
        { event_id: null, title: 'a' },
        { event_id: null, title: 'a' },
      ],
      2,
    ],
  ])('%s', async (_, rows, left) => {
    expect(await countedAs(withViews('select count(*) from events', tables), rows.map(row))).toBe(left);
  });
});

test('a filter by site and bots, and counts of partitions, are what they are with DuckDB', async () => {
  const received_at = '2026-11-23T08:00:05.000Z';
  const row = (event_id: string, given: object) => ({ event_id, page: 'books', event: 'e', received_at, ...given });
  const rows = [
    row('1', { site: 'shop', is_bot: false }),
    row('2', { site: 'shop', is_bot: true }),
    row('3', { site: 'blog' }),
    row('4', {}),
    row('5', { page: '_quarantine', site: 'shop', raw: '{' }),
    // What Athena's SerDe makes of a line that is no JSON.
    { page: 'books', event: 'e' },
  ];
  const counted = async (filter: EventFilter) => [
    await countedAs(withViews('select count(*) from events', tables, filter), rows),
    await countedAs(withViews('select count(*) from quarantine', tables, filter), rows),
    await countedAs(`select sum(n) from (${partitionCounts(tables, filter)}) as counts(page, event, n, newest)`, rows),
  ];
  expect(await counted({})).toEqual([4, 1, 5]);
  expect(await counted({ site: 'shop' })).toEqual([2, 1, 3]);
  expect(await counted({ site: 'shop', bots: false })).toEqual([1, 1, 2]);
  expect(await counted({ bots: false })).toEqual([3, 1, 4]);
  expect(await counted({ site: "o'neill" })).toEqual([0, 0, 0]);
});

/** Athena's table, with the two functions of it that DuckDB lacks. */
async function countedAs(sql: string, rows: Record<string, unknown>[]): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const text = (value: unknown) => `'${String(value)}'`;
  const values = rows.map((row) =>
    lakeColumns().map(({ name }) => (row[name] === null || row[name] === undefined ? 'NULL' : text(row[name]))),
  );
  await connection.run(`CREATE SCHEMA clickstream; SET TimeZone = 'UTC';
    CREATE MACRO from_iso8601_timestamp(t) AS t::TIMESTAMPTZ;
    CREATE TABLE clickstream.events (${lakeColumns().map(({ name, glue }) => `"${name}" ${glue === 'string' ? 'VARCHAR' : glue}`)}, "$path" VARCHAR);
    INSERT INTO clickstream.events VALUES ${values.map((each) => `(${each}, 's3://lake/page=books/o')`)}`);
  const answer = await connection.runAndReadAll(sql);
  connection.closeSync();
  instance.closeSync();
  return Number(answer.getRows()[0]![0]);
}

test.each([
  ['7', 'integer', '', 7],
  ['9007199254740993', 'bigint', '', '9007199254740993'],
  ['41', 'bigint', '', 41],
  ['1.5', 'double', '', 1.5],
  ['NaN', 'double', '', 'NaN'],
  ['12.30', 'decimal', '', 12.3],
  ['true', 'boolean', '', true],
  ['2026-11-23 08:00:00.120', 'timestamp', '', '2026-11-23T08:00:00.120Z'],
  ['{"a":1}', 'varchar', 'properties', { a: 1 }],
  ['{"a":1}', 'varchar', 'title', '{"a":1}'],
  [undefined, 'varchar', '', null],
])('%j of type %s is what DuckDB gives here', (text, type, column, value) => {
  expect(plainValue(text, type, column)).toEqual(value);
});

test('a query costs 10 MB at least and each MB that is begun', () => {
  expect(queryPrice(0, 5)).toBeCloseTo(0.00005, 10);
  expect(queryPrice(10_000_001, 5)).toBeCloseTo(0.000055, 10);
  expect(queryPrice(1e12, 5)).toBeCloseTo(5, 10);
});

needs('moto').describe('Athena’s API, against moto', () => {
  let moto: LentMoto;
  let endpoint: string;
  let athena: Athena;
  beforeAll(async () => {
    moto = await borrowMoto();
    ({ endpoint } = moto);
    athena = openAthena({
      ...tables,
      dollarsPerTB: 5,
      workGroup: 'primary',
      pauseMs: 10,
      clientConfig: { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    });
  }, 120_000);
  afterAll(async () => {
    await athena.close();
    await moto.giveBack();
  });

  test('rows are as DuckDB gives them, without the row of column names', async () => {
    const column = (Name: string, Type: string) => ({ CatalogName: 'hive', Name, Label: Name, Type });
    await fetch(`${endpoint}/moto-api/static/athena/query-results`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        account_id: '123456789012',
        region: 'us-east-1',
        results: [
          {
            rows: [
              { Data: [{ VarCharValue: 'page' }, { VarCharValue: 'n' }] },
              { Data: [{ VarCharValue: 'books' }, { VarCharValue: '3' }] },
              { Data: [{}, { VarCharValue: '1' }] },
            ],
            column_info: [column('page', 'varchar'), column('n', 'bigint')],
          },
        ],
      }),
    });
    const rows: unknown[] = [];
    const head = await athena.queryEach('select page, count(*) as n from events group by 1', (page) => {
      rows.push(...page);
    });
    expect(rows).toEqual([
      ['books', 3],
      [null, 1],
    ]);
    expect(head.columns).toEqual([
      { name: 'page', type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
    ]);
    expect(head.dollars).toBeGreaterThan(0);
  }, 60_000);

  test('a refused call and an unreachable endpoint are errors for people', async () => {
    const config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
    const open = (change: object) =>
      openAthena({
        ...tables,
        dollarsPerTB: 5,
        workGroup: 'nowhere',
        pauseMs: 10,
        clientConfig: { ...config, maxAttempts: 1, ...change },
      });
    const refused = open({});
    await expect(refused.queryEach('select 1', () => {})).rejects.toMatchObject({ name: 'MillraceError', exitCode: 1 });
    const alone = open({ endpoint: 'http://127.0.0.1:1' });
    await expect(alone.queryEach('select 1', () => {})).rejects.toMatchObject({
      code: 'AWS_CALL_FAILED',
      message: expect.stringMatching(/^Athena call failed: .*ECONNREFUSED/),
    });
    await Promise.all([refused.close(), alone.close()]);
  }, 60_000);

  test('a statement that is not a query is refused without a call to AWS', async () => {
    await expect(athena.queryEach('drop table events', () => {})).rejects.toMatchObject({ code: 'QUERY_REFUSED' });
  });
});
