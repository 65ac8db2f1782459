import { expect } from '@jest/globals';
import type { Answer, Caller, Promised, World } from './caller.js';

const tableInput = (Name: string, columns: Record<string, string>) => ({
  Name,
  TableType: 'EXTERNAL_TABLE',
  Parameters: { classification: 'parquet' },
  PartitionKeys: [{ Name: 'page', Type: 'string' }],
  StorageDescriptor: {
    Columns: Object.entries(columns).map(([column, Type]) => ({ Name: column, Type })),
    Location: 's3://lake/',
  },
});

/** For the JavaScript SDK, whose client for Glue is not installed here. */
async function byHand(url: string, operation: string, input: object): Promise<void> {
  const headers = { 'x-amz-target': `AWSGlue.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
  const { status } = await fetch(url, { method: 'POST', headers, body: JSON.stringify(input) });
  expect(status).toBe(200);
}

/** A database with one table; Glue's names are in lower case. */
export async function table(caller: Caller, world: World, columns: Record<string, string>) {
  const DatabaseName = world.unique('database').replaceAll('-', '_');
  const call = caller.services.includes('glue')
    ? (operation: string, input: object) => caller.call('glue', operation, input)
    : (operation: string, input: object) => byHand(world.url, operation, input);
  await call('CreateDatabase', { DatabaseInput: { Name: DatabaseName, Description: 'for a test' } });
  await call('CreateTable', { DatabaseName, TableInput: tableInput('Events', columns) });
  return { DatabaseName, TableName: 'events' };
}

export const glue: Promised[] = [
  {
    line: 'Databases are created, shown, listed and deleted; their names become lower case.',
    async check(caller, world) {
      const Name = world.unique('Mixed').replaceAll('-', '_');
      await caller.call('glue', 'CreateDatabase', { DatabaseInput: { Name } });
      await expect(caller.call('glue', 'CreateDatabase', { DatabaseInput: { Name } })).rejects.toMatchObject({
        name: 'AlreadyExistsException',
      });
      const { Database } = await caller.call('glue', 'GetDatabase', { Name });
      expect(Database).toMatchObject({ Name: Name.toLowerCase(), CatalogId: '000000000000' });
      const { DatabaseList } = await caller.call('glue', 'GetDatabases');
      expect(DatabaseList.map((one: Answer) => one.Name)).toContain(Name.toLowerCase());
      await caller.call('glue', 'DeleteDatabase', { Name });
      await expect(caller.call('glue', 'GetDatabase', { Name })).rejects.toMatchObject({
        name: 'EntityNotFoundException',
      });
    },
  },
  {
    line: 'Tables are created, shown with their columns and partition keys, listed and deleted.',
    async check(caller, world) {
      const { DatabaseName, TableName } = await table(caller, world, { n: 'int', at: 'timestamp' });
      const { Table } = await caller.call('glue', 'GetTable', { DatabaseName, Name: TableName });
      expect(Table).toMatchObject({
        ...tableInput('events', { n: 'int', at: 'timestamp' }),
        DatabaseName,
        VersionId: '0',
      });
      const { TableList } = await caller.call('glue', 'GetTables', { DatabaseName });
      expect(TableList.map((one: Answer) => one.Name)).toEqual([TableName]);
      await caller.call('glue', 'DeleteTable', { DatabaseName, Name: TableName });
      await expect(caller.call('glue', 'GetTable', { DatabaseName, Name: TableName })).rejects.toMatchObject({
        name: 'EntityNotFoundException',
      });
    },
  },
  {
    line: 'UpdateTable makes a new version; GetTableVersion and GetTableVersions show each, the newest first.',
    async check(caller, world) {
      const { DatabaseName, TableName } = await table(caller, world, { n: 'int' });
      const TableInput = tableInput(TableName, { n: 'int', added: 'string' });
      await caller.call('glue', 'UpdateTable', { DatabaseName, TableInput });
      const { TableVersions } = await caller.call('glue', 'GetTableVersions', { DatabaseName, TableName });
      expect(TableVersions.map((one: Answer) => one.VersionId)).toEqual(['1', '0']);
      const { TableVersion } = await caller.call('glue', 'GetTableVersion', {
        DatabaseName,
        TableName,
        VersionId: '0',
      });
      expect(TableVersion.Table.StorageDescriptor.Columns).toHaveLength(1);
    },
  },
  {
    line: 'Unsupported operations of Glue (crawlers) are refused by name, with the supported ones.',
    async check(caller) {
      await expect(caller.call('glue', 'GetCrawlers')).rejects.toMatchObject({
        name: 'UnknownOperationException',
        message: expect.stringMatching(/GetCrawlers.*GetTable.*embedded-aws\.md/),
      });
    },
  },
];
