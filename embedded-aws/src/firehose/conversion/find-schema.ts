import { localAccountId as accountId, localRegion as region } from '@millrace/kit/local-aws';
import type { Catalogue } from '../../glue/catalogue.js';
import { AwsError } from '../../json-service/aws-error.js';
import type { ExtendedS3Destination } from '../request-model.js';
import type { Schema } from './conversion.js';
import { HiveTypeError, parseHiveType } from './hive-type.js';

/** Where tables are looked up; without Glue beside it, a Data Firehose converts nothing. */
export type Tables = Pick<Catalogue, 'versions'>;

/** The block is on where it is given, unless it says otherwise. */
export const conversionOf = ({ DataFormatConversionConfiguration: conversion }: Partial<ExtendedS3Destination>) =>
  conversion !== undefined && conversion.Enabled !== false ? conversion : undefined;

const refuse = (why: string) => new AwsError('InvalidArgumentException', `DataFormatConversionConfiguration: ${why}`);

/** @throws AwsError InvalidArgumentException when there is no such table, or one that JSON cannot be converted to */
export function findSchema(
  configuration: NonNullable<ReturnType<typeof conversionOf>>,
  tables: Tables | undefined,
): Schema {
  const { DatabaseName = '', TableName = '', VersionId = 'LATEST' } = configuration.SchemaConfiguration ?? {};
  if (!tables) throw refuse('there is no Glue beside this Data Firehose.');
  const versions = lookUp(() => tables.versions(DatabaseName, TableName));
  const found =
    VersionId === 'LATEST' ? versions.at(-1)! : versions.find(({ version }) => String(version) === VersionId);
  if (!found) throw refuse(`table ${DatabaseName}.${TableName} has no version ${VersionId}.`);
  const columns = found.input.StorageDescriptor?.Columns ?? [];
  if (columns.length === 0) throw refuse(`table ${DatabaseName}.${TableName} has no columns.`);
  try {
    return {
      // A table that was deleted and made again begins at version 0 again.
      id: `${found.version}@${found.atMs}`,
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

function lookUp<Found>(look: () => Found): Found {
  try {
    return look();
  } catch (error) {
    if (error instanceof AwsError) throw refuse(error.message);
    throw error;
  }
}
