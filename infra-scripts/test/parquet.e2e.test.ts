import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bucketFolder, openCatalogue } from '@millrace/embedded-aws';
import { openSandbox } from '@millrace/kit/duckdb-sandbox';
import { diskFolder } from '@millrace/testing/disk-folder';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { kinesisClient } from '@millrace/testing/kinesis-client';
import { definePipeline } from '../src/pipeline/definition.js';
import { ensureTables } from '../src/runtime/ensure-tables.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';

/** The pipeline with Parquet in its lake, through the command, as a person has it. */
let box: Sandbox;
let served: Served;
let bucket: string;
const serve = () => box.serve(['aws', '--port', '0', '--format', 'parquet'], ['aws']);
beforeAll(async () => {
  box = sandbox(diskFolder());
  served = await serve();
  bucket = bucketFolder(box.state, 'millrace-lake');
});
afterAll(() => box.remove());

const objects = () =>
  readdirSync(bucket, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const query = async (sql: string): Promise<string> => {
  const { code, stdout, stderr } = await box.run(['query', '--json', sql]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trim();
};

async function glue<Answer>(operation: string, input: object): Promise<Answer> {
  const response = await fetch(served.url('aws'), {
    method: 'POST',
    headers: { 'x-amz-target': `AWSGlue.${operation}`, 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(input),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

test('events become Parquet by the table of the event schema, and query, ls and audit read it', async () => {
  const { code, stderr } = await box.run(['generate', 'clickstream', '1', '0', '--count', '300', '--seed', 'parquet'], {
    env: { AWS_ENDPOINT_URL: served.url('aws') },
  });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  await eventually('all of them', async () => (await valuesIn('count(*)', objects())).join() === '300');
  expect(JSON.parse(await query('select count(*) as n from events')).n).toBe(300);
  expect(objects().length).toBeGreaterThan(0);
  for (const path of objects()) expect(path).toMatch(/page=\w+\/event=\w+\/clickstream-to-s3-1-.*\.parquet$/);
  const listed = await box.run(['ls', '--json']);
  const events = listed.stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + (JSON.parse(line) as { events: number }).events, 0);
  expect({ events, stderr: listed.stderr }).toEqual({ events: 300, stderr: '' });
});

test('a column that the table gets is in what is converted from then on, also after a kill -9', async () => {
  interface Table {
    Name: string;
    StorageDescriptor: { Columns: { Name: string; Type: string }[] };
    PartitionKeys: object[];
  }
  const { Table } = await glue<{ Table: Table }>('GetTable', { DatabaseName: 'clickstream', Name: 'events' });
  const { Name, StorageDescriptor, PartitionKeys } = Table;
  const Columns = [...StorageDescriptor.Columns, { Name: 'added', Type: 'struct<n:int>' }];
  await glue('UpdateTable', {
    DatabaseName: 'clickstream',
    TableInput: { Name, PartitionKeys, StorageDescriptor: { ...StorageDescriptor, Columns } },
  });
  const before = objects().length;
  const client = kinesisClient(served.url('aws'));
  const Data = Buffer.from(JSON.stringify({ ...someEvent(), added: { n: 7 } }));
  await client.send(new PutRecordCommand({ StreamName: 'clickstream', PartitionKey: 'v', Data }));
  client.destroy();
  const path = await eventually('its object', () =>
    objects().length > before
      ? objects()
          .sort((a, b) => (a.slice(-41) < b.slice(-41) ? -1 : 1))
          .at(-1)
      : undefined,
  );
  expect(await valuesIn('added.n', [path])).toEqual(['7']);
  await served.end('SIGKILL');
  served = await serve();
  expect(JSON.parse(await query('select count(*) as n from events')).n).toBe(301);
  const after = await glue<{ Table: Table }>('GetTable', { DatabaseName: 'clickstream', Name: 'events' });
  expect(after.Table.StorageDescriptor.Columns).toEqual(Columns);
});

test('columns that the event schema got since are added to the table at the start, and what its owner changed stays', async () => {
  const catalogue = await openCatalogue(join(box.state, 'catalogue.json'));
  const pipeline = definePipeline({ format: 'parquet' });
  const { table } = pipeline;
  const [first, ...rest] = table.StorageDescriptor.Columns;
  const own = { Name: 'own', Type: 'int' };
  const changed = { ...table.StorageDescriptor, Columns: [...rest, own], Location: 's3://elsewhere/' };
  await catalogue.createDatabase({ Name: 'clickstream' });
  await catalogue.createTable('clickstream', { ...table, StorageDescriptor: changed });
  await ensureTables(catalogue, pipeline);
  await ensureTables(catalogue, pipeline);
  const versions = catalogue.versions('clickstream', 'events');
  expect(versions).toHaveLength(2);
  expect(versions.at(-1)!.input.StorageDescriptor).toEqual({ ...changed, Columns: [...rest, own, first] });
  // What is on disk is what was answered.
  const again = await openCatalogue(join(box.state, 'catalogue.json'));
  expect(again.versions('clickstream', 'events')).toEqual(versions);
  expect(again.tables('clickstream').map(({ input }) => input.Name)).toEqual(['events', 'events_errors']);
});

/** An expression over Parquet objects, without a process. */
async function valuesIn(expression: string, paths: string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const engine = await openSandbox({
    ...{ folder: bucket, threads: 1, memoryMb: 256, temporaryFolder: join(box.state, 'temporary'), keepOrder: true },
  });
  try {
    const list = paths.map((path) => `'${path}'`).join();
    const read = await engine.connection.runAndReadAll(`SELECT ${expression} FROM read_parquet([${list}])`);
    return read.getRowsJson().map(([value]) => String(value));
  } finally {
    engine.close();
  }
}
