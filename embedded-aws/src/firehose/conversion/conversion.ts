import type { Failure } from '../failure.js';
import type { ExtendedS3Destination } from '../request-model.js';
import { convertValue, folded, Misfit } from './convert-value.js';
import { duckdbType, type HiveType } from './hive-type.js';

type Configuration = NonNullable<ExtendedS3Destination['DataFormatConversionConfiguration']>;

/** A table's columns, from its Glue entry. */
export interface Schema {
  columns: { name: string; type: HiveType }[];
  /** That of the table's version and of no other. */
  id: string;
  /** What an error line says of it. */
  table: { catalogId: string; databaseName: string; tableName: string; region: string; versionId: string };
}

export type ParquetCompression = 'snappy' | 'gzip' | 'uncompressed';

/** What becomes of records that are JSON: lines of the table's columns, and in the object Parquet. */
export interface ConversionPlan {
  schema: Schema;
  /** The record as one line of JSON with the columns' values, or why it cannot be one. */
  convert(value: unknown): Buffer | Failure;
  /** As read_json and COPY of DuckDB want it. */
  columns: { name: string; duckdb: string }[];
  compression: ParquetCompression;
}

const conversionFailed = (errorCode: string, errorMessage: string): Failure => ({
  errorType: 'format-conversion-failed',
  errorCode,
  errorMessage,
});

/** The codes are AWS's; what it says with them is not known. */
export const notParsed = conversionFailed('DataFormatConversion.ParseError', 'The record is not one JSON value.');
export const malformed = (why: string) => conversionFailed('DataFormatConversion.MalformedData', why);

export function planConversion(configuration: Configuration, schema: Schema): ConversionPlan {
  const openX = configuration.InputFormatConfiguration?.Deserializer?.OpenXJsonSerDe;
  const caseInsensitive = openX?.CaseInsensitive ?? true;
  const underscores = openX?.ConvertDotsInJsonKeysToUnderscores === true;
  const mappings = openX?.ColumnToJsonKeyMappings ?? {};
  const fold = (name: string) => {
    const dotless = underscores ? name.replaceAll('.', '_') : name;
    return caseInsensitive ? dotless.toLowerCase() : dotless;
  };
  const columns = schema.columns.map(({ name, type }) => ({ name, type, key: fold(mappings[name] ?? name) }));
  return {
    schema,
    columns: schema.columns.map(({ name, type }) => ({ name, duckdb: duckdbType(type) })),
    compression: (
      configuration.OutputFormatConfiguration?.Serializer?.ParquetSerDe?.Compression ?? 'SNAPPY'
    ).toLowerCase() as ParquetCompression,
    convert(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return malformed('The record is JSON, but not an object.');
      const members = folded(value, fold);
      try {
        const row = Object.fromEntries(
          columns.map(({ name, type, key }) => [name, convertValue(members.get(key), type, name, fold)]),
        );
        return Buffer.from(`${JSON.stringify(row)}\n`);
      } catch (error) {
        if (error instanceof Misfit) return malformed(error.message);
        throw error;
      }
    },
  };
}
