import { sep } from 'node:path';
import { name, text, textList } from '@millrace/kit/sql-text';
import { readAs, storedColumns } from './columns.js';
import { type ParquetShape, readAll, readParquet } from './parquet-shapes.js';
import type { Source } from './sources.js';

const columnsStruct = `{${storedColumns.map((column) => `${name(column.name)}: ${text(readAs(column))}`).join(', ')}}`;
const fields = storedColumns.map((column) => name(column.name)).join(', ');

/** Sources that one call can read: DuckDB wants the same partition keys, and the same Parquet columns, in all files. */
export interface SourceGroup {
  /** The DuckDB variable that holds the paths. */
  variable: string;
  gzip: boolean;
  /** Of Parquet; lines otherwise. */
  shape: ParquetShape | undefined;
  /** The keys of the objects come from a table, not from the paths. */
  isKeyed: boolean;
  sources: Source[];
}

/** Sorts sources into groups. `prefix`: of the variables' names. */
export function groupSources(
  sources: readonly Source[],
  shapes: ReadonlyMap<string, ParquetShape>,
  prefix: string,
): SourceGroup[] {
  const found = new Map<string, SourceGroup>();
  for (const source of sources) {
    const { gzip, path, kind } = source;
    const shape = shapes.get(path);
    // Where a file has such a column too, DuckDB mixes up their types.
    const isKeyed = kind !== 'object' || ['page', 'event', 'dt'].some((key) => shape?.columns.has(key));
    const keys = isKeyed ? 'any' : Object.keys(source.object.partition).join('/');
    const id = `${keys} ${gzip} ${shape?.id}`;
    const group = found.get(id) ?? { variable: `${prefix}_${found.size}`, gzip, shape, isKeyed, sources: [] };
    found.set(id, group);
    group.sources.push(source);
  }
  return [...found.values()];
}

const compression = (gzip: boolean) => `compression='${gzip ? 'gzip' : 'uncompressed'}'`;
const filesOf = ({ variable }: SourceGroup) => `getvariable(${text(variable)})`;

const readJsonLines = (files: string, gzip: boolean, hasKeys: boolean) =>
  `read_json(${files}, format='newline_delimited', columns=${columnsStruct}, hive_partitioning=${hasKeys}, ` +
  `hive_types_autocast=false, ${compression(gzip)})`;

/**
 * The key of the object that a row comes from. `rootLength`: of the lake's folder. On Windows the path has backslashes,
 * and the key has none.
 */
function objectKey(rootLength: number): string {
  const path = `substr(filename, ${rootLength + 2})`;
  return sep === '/' ? path : `replace(${path}, ${text(sep)}, '/')`;
}

/** A table of what the paths of sources do not say. */
function keysOf(sources: readonly Source[]): string {
  const literal = (value: string | undefined) => (value === undefined ? 'NULL' : text(value));
  const rows = sources.map(
    ({ path, object: { key, partition } }) =>
      `(${[path, partition.page, partition.event, partition.dt, key].map(literal).join(', ')})`,
  );
  return `(VALUES ${rows.join(', ')}) AS keys(path, page, event, dt, key) ON filename = path`;
}

/**
 * The rows of one group: the stored columns, `page`, `event`, `dt` and `object`, its key. `rootLength`: of the lake's
 * folder.
 */
export function selectGroup(group: SourceGroup, rootLength: number): string {
  const files = filesOf(group);
  if (group.isKeyed) {
    const rows = group.shape
      ? readParquet(files, group.shape, [])
      : `(SELECT *, filename FROM ${readJsonLines(files, group.gzip, false)})`;
    return `SELECT ${fields}, page, event, try_cast(dt AS DATE) AS dt, key AS object FROM ${rows} JOIN ${keysOf(group.sources)}`;
  }
  const hasDate = isDated(group);
  const rows = group.shape
    ? readParquet(files, group.shape, ['page', 'event', ...(hasDate ? ['dt'] : [])])
    : readJsonLines(files, group.gzip, true);
  const dt = hasDate ? 'try_cast(dt AS DATE)' : 'NULL::DATE';
  return `SELECT ${fields}, page, event, ${dt} AS dt, ${objectKey(rootLength)} AS object FROM ${rows}`;
}

/** Whether a key of the group has a date. */
export const isDated = ({ sources }: SourceGroup): boolean => sources.some(({ object }) => 'dt' in object.partition);

/** The lines of one group that are JSON objects, each as `json`, and `object`, its key. */
export function selectLines(group: SourceGroup, rootLength: number): string {
  const rows = `SELECT json, filename FROM read_json_objects(${filesOf(group)}, format='newline_delimited', ${compression(group.gzip)})`;
  const isObject = "WHERE json_type(json) = 'OBJECT'";
  if (group.isKeyed) return `SELECT json, key AS object FROM (${rows}) JOIN ${keysOf(group.sources)} ${isObject}`;
  return `SELECT json, ${objectKey(rootLength)} AS object FROM (${rows}) ${isObject}`;
}

/** Reads one source to its end, so that it fails when anything in it cannot be read. */
export function readToEnd({ object, path, gzip, parquet }: Source): string {
  if (parquet) return readAll(path);
  const files = textList([path]);
  return 'page' in object.partition
    ? `SELECT count(${name(storedColumns[0]!.name)}) FROM ${readJsonLines(files, gzip, false)}`
    : `SELECT count(json) FROM read_json_objects(${files}, format='newline_delimited', ${compression(gzip)})`;
}
