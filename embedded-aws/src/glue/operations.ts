import { localAccountId } from '@millrace/kit/local-aws';
import { z } from 'zod';
import { AwsError } from '../json-service/aws-error.js';
import { type RunOperation, runnerOf, shapedOperations } from '../json-service/operations.js';
import type { Catalogue, TableVersion } from './catalogue.js';
import { databaseInput, tableInput } from './table.js';

const CatalogId = z.literal(localAccountId).optional();
const Name = z.string().min(1).max(255);
const page = { NextToken: z.string().optional(), MaxResults: z.int().min(1).max(100).optional() };

const shapes = {
  CreateDatabase: z.strictObject({ CatalogId, DatabaseInput: databaseInput }),
  GetDatabase: z.strictObject({ CatalogId, Name }),
  GetDatabases: z.strictObject({ CatalogId, ...page }),
  DeleteDatabase: z.strictObject({ CatalogId, Name }),
  CreateTable: z.strictObject({ CatalogId, DatabaseName: Name, TableInput: tableInput }),
  UpdateTable: z.strictObject({
    CatalogId,
    DatabaseName: Name,
    TableInput: tableInput,
    SkipArchive: z.boolean().optional(),
  }),
  GetTable: z.strictObject({ CatalogId, DatabaseName: Name, Name }),
  GetTables: z.strictObject({ CatalogId, DatabaseName: Name, ...page }),
  DeleteTable: z.strictObject({ CatalogId, DatabaseName: Name, Name }),
  GetTableVersion: z.strictObject({ CatalogId, DatabaseName: Name, TableName: Name, VersionId: z.string().optional() }),
  GetTableVersions: z.strictObject({ CatalogId, DatabaseName: Name, TableName: Name, ...page }),
};

const describeDatabase = ({ input, createdMs }: ReturnType<Catalogue['database']>) => ({
  ...input,
  CreateTime: createdMs / 1000,
  CatalogId: localAccountId,
});

/** The operations on Glue's catalogue that Data Firehose, and a person who looks at tables, need. */
export function glueOperations(catalogue: Catalogue): RunOperation<object | Promise<object>> {
  const describeTable = (DatabaseName: string, { input, version, atMs }: TableVersion, createdMs: number) => ({
    ...input,
    DatabaseName: DatabaseName.toLowerCase(),
    CreateTime: createdMs / 1000,
    UpdateTime: atMs / 1000,
    IsRegisteredWithLakeFormation: false,
    CatalogId: localAccountId,
    VersionId: String(version),
  });
  const tableOf = (database: string, name: string, versionId?: string) => {
    const versions = catalogue.versions(database, name);
    const found =
      versionId === undefined ? versions.at(-1)! : versions.find(({ version }) => String(version) === versionId);
    if (!found) throw new AwsError('EntityNotFoundException', `Version ${versionId} of table ${name} not found.`);
    return describeTable(database, found, versions[0]!.atMs);
  };

  const operations = shapedOperations<typeof shapes, object | Promise<object>>(shapes, refuse, {
    CreateDatabase: async ({ DatabaseInput }) => done(catalogue.createDatabase(DatabaseInput)),
    GetDatabase: ({ Name: name }) => ({ Database: describeDatabase(catalogue.database(name)) }),
    GetDatabases: (request) => {
      const { items, ...rest } = pageOf(catalogue.databases(), request);
      return { DatabaseList: items.map(describeDatabase), ...rest };
    },
    DeleteDatabase: ({ Name: name }) => done(catalogue.deleteDatabase(name)),
    CreateTable: ({ DatabaseName, TableInput }) => done(catalogue.createTable(DatabaseName, TableInput)),
    UpdateTable: ({ DatabaseName, TableInput }) => done(catalogue.updateTable(DatabaseName, TableInput)),
    GetTable: ({ DatabaseName, Name: name }) => ({ Table: tableOf(DatabaseName, name) }),
    GetTables: ({ DatabaseName, ...request }) => {
      const { items, ...rest } = pageOf(catalogue.tables(DatabaseName), request);
      return { TableList: items.map(({ input }) => tableOf(DatabaseName, input.Name)), ...rest };
    },
    DeleteTable: ({ DatabaseName, Name: name }) => done(catalogue.deleteTable(DatabaseName, name)),
    GetTableVersion: ({ DatabaseName, TableName, VersionId }) => {
      const Table = tableOf(DatabaseName, TableName, VersionId);
      return { TableVersion: { Table, VersionId: Table.VersionId } };
    },
    GetTableVersions: ({ DatabaseName, TableName, ...request }) => {
      const newestFirst = [...catalogue.versions(DatabaseName, TableName)].reverse();
      const { items, ...rest } = pageOf(newestFirst, request);
      return {
        TableVersions: items.map(({ version }) => ({
          Table: tableOf(DatabaseName, TableName, String(version)),
          VersionId: String(version),
        })),
        ...rest,
      };
    },
  });
  return runnerOf('Glue', operations);
}

function refuse({ issues: [issue] }: z.ZodError): AwsError {
  const where = issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `;
  return new AwsError('InvalidInputException', `${where}${issue!.message}`);
}

const done = async (change: Promise<void>): Promise<object> => {
  await change;
  return {};
};

/** The token is where the next page begins. */
function pageOf<Item>(
  items: readonly Item[],
  { NextToken, MaxResults = 100 }: { NextToken?: string | undefined; MaxResults?: number | undefined },
): { items: readonly Item[]; NextToken?: string } {
  const from = NextToken === undefined ? 0 : Number(NextToken);
  if (!Number.isInteger(from) || from < 0)
    throw new AwsError('InvalidInputException', `Invalid NextToken ${NextToken}.`);
  const to = from + MaxResults;
  return { items: items.slice(from, to), ...(to < items.length ? { NextToken: String(to) } : {}) };
}
