import { sep } from 'node:path';
import { name, text, textList } from '@millrace/kit/sql-text';
import type { LakeColumn } from '@millrace/sdk/schema';
import type { CleanCopy } from './clean-copy.js';
import { readAs, storedColumns } from './columns.js';
import type { LakeObject } from './list-objects.js';

const columnsStruct = `{${storedColumns.map((column) => `${name(column.name)}: ${text(readAs(column))}`).join(', ')}}`;
const fields = storedColumns.map((column) => name(column.name)).join(', ');

/**
 * The key of the object that a row comes from, in a call that reads files. `rootLength`: of the lake's folder. On
 * Windows the path has backslashes, and the key has none.
 */
export function objectKey(rootLength: number): string {
  const path = `substr(filename, ${rootLength + 2})`;
  return sep === '/' ? path : `replace(${path}, ${text(sep)}, '/')`;
}

/** Objects that one call can read: DuckDB wants the same partition keys in all files of a call. */
export interface ObjectGroup {
  /** The DuckDB variable that holds the paths. */
  variable: string;
  hasDate: boolean;
  gzip: boolean;
  parquet: boolean;
  paths: string[];
}

/** Sorts objects into groups. */
export function groupObjects(objects: readonly LakeObject[]): ObjectGroup[] {
  const found = new Map<string, ObjectGroup>();
  for (const { partition, gzip, parquet, path } of objects) {
    const id = `${Object.keys(partition).join('/')} ${gzip} ${parquet}`;
    let group = found.get(id);
    if (!group) {
      const variable = `objects_${found.size}`;
      group = { variable, hasDate: 'dt' in partition, gzip, parquet, paths: [] };
      found.set(id, group);
    }
    group.paths.push(path);
  }
  return [...found.values()];
}

/** Reads JSON Lines. `files`: an SQL list of paths. */
function readJsonLines(files: string, gzip: boolean): string {
  return (
    `read_json(${files}, format='newline_delimited', columns=${columnsStruct}, hive_partitioning=true, ` +
    `hive_types_autocast=false, compression='${gzip ? 'gzip' : 'uncompressed'}')`
  );
}

/** The rows of clean copies, as those of a group. Their paths say nothing: the key comes from the list. */
export function selectCopies(copies: readonly CleanCopy[]): string {
  const literal = (value: string | undefined) => (value === undefined ? 'NULL' : text(value));
  const rows = copies.map(
    ({ path, object: { key, partition } }) =>
      `(${[path, partition.page, partition.event, partition.dt, key].map(literal).join(', ')})`,
  );
  const files = textList(copies.map(({ path }) => path));
  return (
    `SELECT ${fields}, page, event, try_cast(dt AS DATE) AS dt, key AS object FROM (SELECT *, filename FROM read_json(${files}, ` +
    `format='newline_delimited', columns=${columnsStruct}, compression='uncompressed')) ` +
    `JOIN (VALUES ${rows.join(', ')}) AS copy(path, page, event, dt, key) ON filename = path`
  );
}

/**
 * Reads Parquet as if it were JSON Lines: every column as text, or as JSON where it is. The table may have had fewer or
 * other columns when an object was written, of types that its owner chose.
 */
function readParquet(files: string): string {
  const none = storedColumns.map((column) => `NULL::VARCHAR AS ${name(column.name)}`).join(', ');
  const field = (column: LakeColumn) => {
    const value = `${name(column.name)}::VARCHAR`;
    return column.duckdb === 'JSON'
      ? `CASE WHEN ${value} IS NULL THEN NULL WHEN json_valid(${value}) THEN (${value})::JSON ELSE to_json(${value}) END AS ${name(column.name)}`
      : `${value} AS ${name(column.name)}`;
  };
  return (
    `(SELECT * REPLACE (${storedColumns.map(field).join(', ')}) FROM (SELECT ${none} WHERE false UNION ALL BY NAME ` +
    `SELECT * FROM read_parquet(${files}, union_by_name=true, hive_partitioning=true, hive_types_autocast=false, filename=true)))`
  );
}

/**
 * The rows of one group: the stored columns, `page`, `event`, `dt` and `object`, its key. `rootLength`: of the lake's
 * folder.
 */
export function selectGroup({ variable, hasDate, gzip, parquet }: ObjectGroup, rootLength: number): string {
  const files = `getvariable(${text(variable)})`;
  return (
    `SELECT ${fields}, page, event, ${hasDate ? 'try_cast(dt AS DATE)' : 'NULL::DATE'} AS dt, ` +
    `${objectKey(rootLength)} AS object FROM ${parquet ? readParquet(files) : readJsonLines(files, gzip)}`
  );
}

/** Reads one object to its end, so that it fails when anything in it cannot be read. */
export function readToEnd(object: LakeObject): string {
  const files = textList([object.path]);
  if (object.parquet) return `SELECT count(COLUMNS(*)) FROM read_parquet(${files})`;
  return `SELECT count(${name(storedColumns[0]!.name)}) FROM ${readJsonLines(files, object.gzip)}`;
}
