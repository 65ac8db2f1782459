import { z } from 'zod';
import { AwsError } from '../json-protocol.js';
import { accountId, whatThereIs } from '../part.js';
import type { Catalogue, TableVersion } from './catalogue.js';
import { databaseInput, tableInput } from './table.js';

const CatalogId = z.literal(accountId).optional();
const Name = z.string().min(1).max(255);
const page = { NextToken: z.string().optional(), MaxResults: z.int().min(1).max(100).optional() };

const requests = {
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
type Requests = { [Operation in keyof typeof requests]: z.output<(typeof requests)[Operation]> };

const describeDatabase = ({ input, createdMs }: ReturnType<Catalogue['database']>) => ({
  ...input,
  CreateTime: createdMs / 1000,
  CatalogId: accountId,
});

/** Glue's catalogue, as far as Data Firehose and a look at it need. @throws AwsError */
export async function answerGlue(catalogue: Catalogue, operation: string, body: unknown): Promise<object> {
  const describeTable = (DatabaseName: string, { input, version, atMs }: TableVersion, createdMs: number) => ({
    ...input,
    DatabaseName: DatabaseName.toLowerCase(),
    CreateTime: createdMs / 1000,
    UpdateTime: atMs / 1000,
    IsRegisteredWithLakeFormation: false,
    CatalogId: accountId,
    VersionId: String(version),
  });
  const tableOf = (database: string, name: string, versionId?: string) => {
    const versions = catalogue.versions(database, name);
    const found =
      versionId === undefined ? versions.at(-1)! : versions.find(({ version }) => String(version) === versionId);
    if (!found) throw new AwsError('EntityNotFoundException', `Version ${versionId} of table ${name} not found.`);
    return describeTable(database, found, versions[0]!.atMs);
  };

  const answers: { [Operation in keyof Requests]: (request: Requests[Operation]) => object | Promise<object> } = {
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
  };

  if (!Object.hasOwn(answers, operation))
    throw new AwsError(
      'UnknownOperationException',
      `The embedded Glue does not have the operation ${operation}. It has ${Object.keys(answers).join(', ')}. ${whatThereIs}`,
    );
  const known = operation as keyof Requests;
  const parsed = requests[known].safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `;
    throw new AwsError('InvalidInputException', `${where}${issue!.message}`);
  }
  return (answers[known] as (request: unknown) => object | Promise<object>)(parsed.data);
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
    throw new AwsError('InvalidInputException', `NextToken ${NextToken} is none of ours.`);
  const to = from + MaxResults;
  return { items: items.slice(from, to), ...(to < items.length ? { NextToken: String(to) } : {}) };
}
