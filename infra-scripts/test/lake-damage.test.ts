import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketFolder, startEmbeddedAws } from '@millrace/embedded-aws';
import { configureConversion, createConverter, parseHiveType, toParquet } from '@millrace/embedded-aws/parquet';
import { lakeColumns, partitionColumns } from '@millrace/sdk/schema';
import { event, lines } from '@millrace/testing/lake-fixture';
import { flipBit, spoilFile } from '@millrace/testing/spoil-file';
import { auditableLakeOf } from '../src/targets/lake.js';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'millrace-lake-damage-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const folder = 'page=books/event=clicked_review';
const spoiled = `${folder}/b`;
const events = Array.from({ length: 30 }, (_, seq) => event({ seq, item_name: `item ${seq}`, stream_id: 'spoiled' }));
const neighbours = [0, 1].map((seq) => event({ seq, stream_id: 'neighbour' }));

async function parquet(rows: object[]): Promise<Buffer> {
  const columns = lakeColumns().filter(({ name }) => !partitionColumns.some((key) => key === name));
  const table = { catalogId: '', databaseName: '', tableName: '', region: '', versionId: '' };
  const types = columns.map(({ name, glue }) => ({ name, type: parseHiveType(glue) }));
  const configuration = configureConversion({}, { id: '0@0', columns: types, table });
  const convert = createConverter(configuration);
  const converted = rows.map((row) => convert(row) as Buffer);
  return toParquet(converted, configuration);
}

/** Written as delivery writes: by the embedded S3. */
async function writeLake(body: Buffer | string): Promise<void> {
  const aws = await startEmbeddedAws({ state });
  const put = async (key: string, content: Buffer | string) =>
    expect(
      (await fetch(`${aws.url}/millrace-lake${key}`, { method: 'PUT', body: new Uint8Array(Buffer.from(content)) }))
        .status,
    ).toBe(200);
  await put('', '');
  await put(`/${spoiled}`, body);
  for (const name of ['a', 'c']) await put(`/${folder}/${name}`, gzipSync(lines(neighbours[name === 'a' ? 0 : 1]!)));
  await aws.stop();
}

describe('a flipped bit in an object of the lake is named, and no answer has another value or lacks another row', () => {
  // DuckDB looks at no checksum in any of them; stored gzip has no codes that a bit could break.
  test.each([
    ['plain lines', () => lines(...events)],
    ['gzip', () => gzipSync(lines(...events), { level: 0 })],
    ['Parquet', () => parquet(events)],
  ])('%s', async (_, make) => {
    await writeLake(await make());
    const path = join(bucketFolder(state, 'millrace-lake'), spoiled);
    const { lake } = await auditableLakeOf({ state });
    try {
      const sql = 'select count(*), count(distinct item_name) from events';
      expect(await lake.query(sql)).toMatchObject({ rows: [[32, 30]], damaged: [] });
      for (const part of [0.2, 0.5, 0.8]) {
        spoilFile(path, flipBit(part, 3));
        expect(await lake.query(sql)).toMatchObject({
          rows: [[2, 0]],
          damaged: [{ key: spoiled, unreadableLines: null, message: expect.stringContaining('checksum') }],
        });
        spoilFile(path, flipBit(part, 3));
      }
      spoilFile(path, flipBit(0.6));
      const damaged = (await lake.list()).flatMap((partition) => partition.damaged);
      const audited = await lake.audit();
      expect([damaged, audited.damaged.map(({ key }) => key)]).toEqual([[spoiled], [spoiled]]);
      expect(audited).toMatchObject({ objects: 3 });
    } finally {
      await lake.close();
    }
  });
});
