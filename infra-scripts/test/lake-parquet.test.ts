import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { configureConversion, createConverter, parseHiveType, toParquet } from '@millrace/embedded-aws/parquet';
import { type AuditableLake, openLake } from '@millrace/lake';
import { lakeColumns, partitionColumns } from '@millrace/sdk/schema';
import { event, lines, temporaryLake } from '@millrace/testing/lake-fixture';

/** Objects as the delivery converts them by the pipeline's table: Parquet whose columns are those of the table, and the keys in the path. */
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

const tableColumns = lakeColumns().filter(({ name }) => !partitionColumns.some((key) => key === name));

async function parquetOf(rows: object[], columns: { name: string; glue: string }[] = tableColumns): Promise<Buffer> {
  const configuration = configureConversion(
    {},
    {
      id: '0@0',
      columns: columns.map(({ name, glue }) => ({ name, type: parseHiveType(glue) })),
      table: { catalogId: '', databaseName: '', tableName: '', region: '', versionId: '' },
    },
  );
  const convert = createConverter(configuration);
  return toParquet(
    rows.map((row) => convert(row) as Buffer),
    configuration,
  );
}

describe('Parquet in the lake', () => {
  test('gives the rows and types that the same events give as JSON Lines, beside those', async () => {
    const events = [event({ item_id: '51', value: 1.5 }), event({ event_time: '2026-11-23T09:00:00.000Z' })];
    const sql = 'select * from events order by seq';
    at.writeBytes('page=books/event=clicked_review/a.gz', gzipSync(lines(...events)));
    const asLines = await lake.query(sql);
    at.writeBytes('page=books/event=clicked_review/a.gz', gzipSync(''));
    at.writeBytes('page=books/event=clicked_review/b.parquet', await parquetOf(events));
    const asParquet = await lake.query(sql);
    expect(asParquet.rows).toHaveLength(2);
    expect(asParquet).toEqual({ ...asLines, looked: { ...asLines.looked, objects: 2 } });
    at.writeBytes('page=books/event=clicked_review/c.gz', gzipSync(lines(event(), ...events)));
    expect((await lake.query('select count(*) from events')).rows).toEqual([[3]]);
    expect((await lake.query('select count(*) from events_raw')).rows).toEqual([[5]]);
    expect((await lake.audit()).damaged).toEqual([]);
    expect(await lake.list()).toMatchObject([
      { page: 'books', event: 'clicked_review', objects: 3, events: 5, newest: '2026-11-23T08:00:00.200Z' },
    ]);
  });

  test('of a table that had other columns has nulls in those of today, and values of other types as today’s', async () => {
    const some = tableColumns.filter(({ name }) => name === 'event_id' || name === 'seq');
    const [seq] = some.filter(({ name }) => name === 'seq');
    at.writeBytes('page=a/event=b/old.parquet', await parquetOf([{ event_id: 'x', seq: 1 }], some));
    at.writeBytes(
      'page=a/event=b/text.parquet',
      await parquetOf(
        [{ event_id: 'y', seq: '2' }],
        [...some.filter((column) => column !== seq), { name: 'seq', glue: 'string' }],
      ),
    );
    const { rows } = await lake.query('select event_id, seq, os, page from events order by seq');
    expect(rows).toEqual([
      ['x', 1, null, 'a'],
      ['y', 2, null, 'a'],
    ]);
  });

  test('that is damaged is named, and every other object is read', async () => {
    at.put('books', 'clicked_review', event());
    at.writeBytes('page=a/event=b/bad.parquet', 'PAR1');
    at.writeBytes('page=a/event=b/good.parquet', await parquetOf([event()]));
    const cut = await parquetOf([event(), event()]);
    at.writeBytes('page=z/event=b/cut.parquet', cut.subarray(0, cut.length - 9));
    const result = await lake.query('select count(*) from events');
    expect(result.rows).toEqual([[2]]);
    expect(result.damaged.map(({ key, unreadableLines }) => [key, unreadableLines]).sort()).toEqual([
      ['page=a/event=b/bad.parquet', null],
      ['page=z/event=b/cut.parquet', null],
    ]);
    expect((await lake.audit()).ok).toBe(false);
  });
});
