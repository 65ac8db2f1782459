import type { ExtendedS3Destination } from './destination-shape.js';
import { duckdbType, type HiveType } from './hive-type.js';

type Configuration = NonNullable<ExtendedS3Destination['DataFormatConversionConfiguration']>;

/** A table's columns, from its Glue entry. */
export interface Schema {
  columns: { name: string; type: HiveType }[];
  /** Of this version of the table and of no other. */
  id: string;
  /** What an error line names the table by. */
  table: { catalogId: string; databaseName: string; tableName: string; region: string; versionId: string };
}

type ParquetCompression = 'snappy' | 'gzip' | 'uncompressed';

/** How records become lines of a table's columns, and those Parquet. */
export interface ConversionConfiguration {
  schema: Schema;
  /** A name as names are compared: of JSON keys and of struct members. */
  fold(name: string): string;
  /** For each column of the schema, the folded JSON key that it takes its value from. */
  keys: string[];
  /** As read_json and COPY of DuckDB want it. */
  columns: { name: string; duckdb: string }[];
  compression: ParquetCompression;
}

/** The block that is switched on: it is where it is given, unless it says otherwise. */
export const conversionOf = ({
  DataFormatConversionConfiguration: conversion,
}: Partial<ExtendedS3Destination>): Configuration | undefined =>
  conversion !== undefined && conversion.Enabled !== false ? conversion : undefined;

/** The conversion to a table's columns. @param configuration as in the destination */
export function configureConversion(configuration: Configuration, schema: Schema): ConversionConfiguration {
  const openX = configuration.InputFormatConfiguration?.Deserializer?.OpenXJsonSerDe;
  const caseInsensitive = openX?.CaseInsensitive ?? true;
  const underscores = openX?.ConvertDotsInJsonKeysToUnderscores === true;
  const mappings = openX?.ColumnToJsonKeyMappings ?? {};
  const fold = (name: string) => {
    const dotless = underscores ? name.replaceAll('.', '_') : name;
    return caseInsensitive ? dotless.toLowerCase() : dotless;
  };
  const parquet = configuration.OutputFormatConfiguration?.Serializer?.ParquetSerDe;
  return {
    schema,
    fold,
    keys: schema.columns.map(({ name }) => fold(mappings[name] ?? name)),
    columns: schema.columns.map(({ name, type }) => ({ name, duckdb: duckdbType(type) })),
    compression: (parquet?.Compression ?? 'SNAPPY').toLowerCase() as ParquetCompression,
  };
}
