import { localAccountId as accountId, localRegion as region } from '@millrace/kit/local-aws';
import type { Catalogue } from '../../glue/catalogue.js';
import { AwsError } from '../../json-service/aws-error.js';
import type { conversionOf, Schema } from './conversion.js';
import { HiveTypeError, parseHiveType } from './hive-type.js';

/** Where tables are looked up; without Glue beside it, a Data Firehose converts nothing. */
export type Tables = Pick<Catalogue, 'versions'>;

const refuse = (why: string) => new AwsError('InvalidArgumentException', `DataFormatConversionConfiguration: ${why}`);

/** @throws AwsError InvalidArgumentException when there is no such table, or one that JSON cannot be converted to */
export function findSchema(
  configuration: NonNullable<ReturnType<typeof conversionOf>>,
  tables: Tables | undefined,
): Schema {
  const { DatabaseName = '', TableName = '', VersionId = 'LATEST' } = configuration.SchemaConfiguration ?? {};
  if (!tables) throw refuse('this Data Firehose has no Glue to look the table up in.');
  const versions = lookUp(() => tables.versions(DatabaseName, TableName));
  const found =
    VersionId === 'LATEST' ? versions.at(-1)! : versions.find(({ version }) => String(version) === VersionId);
  if (!found) throw refuse(`table ${DatabaseName}.${TableName} has no version ${VersionId}.`);
  const columns = found.input.StorageDescriptor?.Columns ?? [];
  if (columns.length === 0) throw refuse(`table ${DatabaseName}.${TableName} has no columns.`);
  try {
    return {
      id: idOf(found),
      columns: columns.map(({ Name, Type = 'string' }) => ({ name: Name.toLowerCase(), type: parseHiveType(Type) })),
      table: {
        catalogId: accountId,
        databaseName: DatabaseName.toLowerCase(),
        tableName: TableName.toLowerCase(),
        region,
        versionId: VersionId,
      },
    };
  } catch (error) {
    if (error instanceof HiveTypeError) throw refuse(`table ${DatabaseName}.${TableName}: ${error.message}.`);
    throw error;
  }
}

// A table that was deleted and made again begins at version 0 again.
const idOf = ({ version, atMs }: { version: number; atMs: number }) => `${version}@${atMs}`;

/**
 * Whether the table has changed, or is gone, since the schema was found. A schema of a fixed version never is outdated.
 */
export function isOutdated({ id, table: { databaseName, tableName, versionId } }: Schema, tables: Tables): boolean {
  if (versionId !== 'LATEST') return false;
  try {
    return idOf(tables.versions(databaseName, tableName).at(-1)!) !== id;
  } catch {
    return true;
  }
}

function lookUp<Found>(look: () => Found): Found {
  try {
    return look();
  } catch (error) {
    if (error instanceof AwsError) throw refuse(error.message);
    throw error;
  }
}
