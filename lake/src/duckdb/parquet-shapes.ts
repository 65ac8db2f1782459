import type { DuckDBConnection } from '@duckdb/node-api';
import { name, text, textList } from '@millrace/kit/sql-text';
import type { LakeColumn } from '@millrace/sdk/schema';
import { storedColumns } from './columns.js';
import { messageOf } from './damage.js';

/** The columns of Parquet objects that one call can read, by name in lower case, with DuckDB's types. */
export interface ParquetShape {
  /** The same for all objects of the shape. */
  id: string;
  columns: ReadonlyMap<string, string>;
}

/** The shapes of objects by path, and DuckDB's message for each whose end cannot be read. */
export interface ParquetShapes {
  shapes: Map<string, ParquetShape>;
  failed: Map<string, string>;
}

const idOf =
  "md5(string_agg(concat_ws('|', name, type, type_length, repetition_type, num_children, converted_type, scale, precision, logical_type), ',' ORDER BY column_id))";

/**
 * Reads the schemas that stand at the ends of Parquet objects. Others may have made them: with columns of other types,
 * with fewer, or with names that the lake uses itself. So objects are read together only when their schemas are equal.
 */
export async function readShapes(connection: DuckDBConnection, paths: readonly string[]): Promise<ParquetShapes> {
  const found: ParquetShapes = { shapes: new Map(), failed: new Map() };
  const known = new Map<string, ParquetShape>();
  const read = async (some: readonly string[]) => {
    const ids = await connection.runAndReadAll(
      `SELECT file_name, ${idOf} FROM parquet_schema(${textList(some)}) GROUP BY file_name`,
    );
    for (const [path, id] of ids.getRows().map((row) => row.map(String) as [string, string])) {
      const shape = known.get(id) ?? { id, columns: await columnsOf(connection, path) };
      known.set(id, shape);
      found.shapes.set(path, shape);
    }
  };
  try {
    await read(paths);
  } catch {
    // One of them is damaged: which one, each says itself.
    for (const path of paths) await read([path]).catch((error) => found.failed.set(path, messageOf(error)));
  }
  return found;
}

async function columnsOf(connection: DuckDBConnection, path: string): Promise<ReadonlyMap<string, string>> {
  const described = await connection.runAndReadAll(
    `DESCRIBE SELECT * FROM read_parquet(${textList([path])}, hive_partitioning=false)`,
  );
  return new Map(described.getRows().map(([column, type]) => [String(column).toLowerCase(), String(type)]));
}

const isNested = (type: string) => /\]$|^(STRUCT|MAP|UNION)\(/.test(type);

/** A stored column as text, or as JSON where it is JSON, whatever it is in the object. */
function field({ columns }: ParquetShape, column: LakeColumn): string {
  const as = name(column.name);
  const type = columns.get(column.name.toLowerCase());
  const isJson = column.duckdb === 'JSON';
  if (type === undefined) return `NULL::${isJson ? 'JSON' : 'VARCHAR'} AS ${as}`;
  if (isNested(type)) return `to_json(${as})${isJson ? '' : '::VARCHAR'} AS ${as}`;
  // Text of writers that do not say that it is text.
  const value = type === 'BLOB' ? `coalesce(try(decode(${as})), ${as}::VARCHAR)` : `${as}::VARCHAR`;
  if (!isJson) return `${value} AS ${as}`;
  return `CASE WHEN json_valid(${value}) THEN (${value})::JSON ELSE to_json(${value}) END AS ${as}`;
}

/**
 * The stored columns of Parquet objects of one shape as JSON Lines give them, those of the key in `keys`, and
 * `filename`. `files`: an SQL list of paths.
 */
export function readParquet(files: string, shape: ParquetShape, keys: readonly string[]): string {
  const path = shape.columns.has('millrace_file') ? 'millrace_file_' : 'millrace_file';
  const fields = [...storedColumns.map((column) => field(shape, column)), ...keys, `${path} AS filename`];
  return (
    `(SELECT ${fields.join(', ')} FROM read_parquet(${files}, filename=${text(path)}, ` +
    `hive_partitioning=${keys.length > 0}, hive_types_autocast=false))`
  );
}

/** Reads an object to its end. A count alone may come from the statistics at the end. */
export const readAll = (path: string): string =>
  `SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet(${textList([path])}, hive_partitioning=false)`;
