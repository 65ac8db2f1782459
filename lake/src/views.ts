import { name, text, textList } from '@millrace/kit/sql-text';
import { type LakeColumn, lakeColumns, partitionColumns, quarantinePage } from '@millrace/sdk/schema';
import type { LakeObject } from './objects.js';

/** The columns that only the quarantine has. */
const quarantineOnly = ['reason', 'raw'];
const columns = lakeColumns().filter((column) => !partitionColumns.some((key) => key === column.name));
const eventColumns = columns.filter((column) => !quarantineOnly.includes(column.name));

/**
 * Every column is read as text and cast with try_cast: one event with a value that does not fit (put straight into the stream by
 * somebody) is a NULL in that column, not an error for the whole object; the audit counts such values.
 */
const readAs = (column: LakeColumn) => (column.duckdb === 'JSON' ? 'JSON' : 'VARCHAR');

function typed(column: LakeColumn): string {
  const field = name(column.name);
  if (column.duckdb === 'VARCHAR' || column.duckdb === 'JSON') return field;
  // By way of TIMESTAMPTZ, so that an offset counts; the session's time zone is UTC.
  if (column.duckdb === 'TIMESTAMP') return `try_cast(${field} AS TIMESTAMPTZ)::TIMESTAMP AS ${field}`;
  return `try_cast(${field} AS ${column.duckdb}) AS ${field}`;
}

const columnsStruct = `{${columns.map((column) => `${name(column.name)}: ${text(readAs(column))}`).join(', ')}}`;
const allNull = columns.map((column) => `${name(column.name)} IS NULL`).join(' AND ');

const isJson = ({ duckdb }: LakeColumn) => duckdb === 'JSON';

/**
 * How Parquet is read: the columns that a table had when an object was written may be fewer or others than today's, and their types those that
 * its owner gave them. They become what JSON Lines give: text, and JSON where that is what the text is.
 */
function readParquet(files: string): string {
  const none = columns.map((column) => `NULL::VARCHAR AS ${name(column.name)}`).join(', ');
  const field = (column: LakeColumn) => {
    const text = `${name(column.name)}::VARCHAR`;
    return isJson(column)
      ? `CASE WHEN ${text} IS NULL THEN NULL WHEN json_valid(${text}) THEN (${text})::JSON ELSE to_json(${text}) END AS ${name(column.name)}`
      : `${text} AS ${name(column.name)}`;
  };
  return (
    `(SELECT * REPLACE (${columns.map(field).join(', ')}) FROM (SELECT ${none} WHERE false UNION ALL BY NAME ` +
    `SELECT * FROM read_parquet(${files}, union_by_name=true, hive_partitioning=true, hive_types_autocast=false, filename=true)))`
  );
}

/** How a read_json call reads delivered objects. `ignore_errors` makes a line that is no JSON object a row of NULLs. */
function readObjects(files: string, options: { gzip: boolean; damaged: boolean }): string {
  return (
    `read_json(${files}, format='newline_delimited', columns=${columnsStruct}, hive_partitioning=true, ` +
    `hive_types_autocast=false, compression='${options.gzip ? 'gzip' : 'uncompressed'}', ignore_errors=${options.damaged})`
  );
}

/** Of one object: how many lines it has, and how many of them cannot be read. */
export function countLines(object: LakeObject): string {
  const read = readObjects(textList([object.path]), { gzip: object.gzip, damaged: true });
  return `SELECT count(*), count(*) FILTER (${allNull}) FROM ${read}`;
}

/** Reads one object whole, so that it fails when anything in it cannot be read. */
export function readWhole(object: LakeObject): string {
  if (object.parquet) return `SELECT count(COLUMNS(*)) FROM read_parquet(${textList([object.path])})`;
  return `SELECT count(${name(columns[0]!.name)}) FROM ${readObjects(textList([object.path]), { gzip: object.gzip, damaged: false })}`;
}

/** Objects that one call can read: DuckDB wants the same partition keys in all files of a call. */
interface ObjectGroup {
  variable: string;
  hasDate: boolean;
  gzip: boolean;
  parquet: boolean;
  damaged: boolean;
  paths: string[];
}

function groups(objects: readonly LakeObject[], damaged: ReadonlySet<string>): ObjectGroup[] {
  const found = new Map<string, ObjectGroup>();
  for (const { partition, gzip, parquet, path } of objects) {
    const isDamaged = damaged.has(path);
    const id = `${Object.keys(partition).join('/')} ${gzip} ${parquet} ${isDamaged}`;
    let group = found.get(id);
    if (!group) {
      const variable = `objects_${found.size}`;
      group = { variable, hasDate: 'dt' in partition, gzip, parquet, damaged: isDamaged, paths: [] };
      found.set(id, group);
    }
    group.paths.push(path);
  }
  return [...found.values()];
}

function deliveredView(from: ObjectGroup[], rootLength: number): string {
  const fields = columns.map((column) => name(column.name)).join(', ');
  const branches = from.map(({ variable, hasDate, gzip, parquet, damaged }) => {
    const files = `getvariable(${text(variable)})`;
    return (
      `SELECT ${fields}, page, event, ${hasDate ? 'try_cast(dt AS DATE)' : 'NULL::DATE'} AS dt, ` +
      `substr(filename, ${rootLength + 2}) AS object FROM ${parquet ? readParquet(files) : readObjects(files, { gzip, damaged })}` +
      (damaged && !parquet ? ` WHERE NOT (${allNull})` : '')
    );
  });
  const nothing =
    `SELECT ${columns.map((column) => `NULL::${readAs(column)} AS ${name(column.name)}`).join(', ')}, ` +
    'NULL::VARCHAR AS page, NULL::VARCHAR AS event, NULL::DATE AS dt, NULL::VARCHAR AS object WHERE false';
  return `CREATE VIEW millrace_delivered AS ${branches.length === 0 ? nothing : branches.join(' UNION ALL ')}`;
}

function errorsView(objects: readonly LakeObject[], rootLength: number): string {
  const member = (...names: string[]) => `coalesce(${names.map((each) => `json->>${text(each)}`).join(', ')})`;
  const calls = [true, false].flatMap((gzip) => {
    if (!objects.some((object) => object.gzip === gzip)) return [];
    const read = `read_json_objects(getvariable('errors_${gzip}'), format='newline_delimited', compression='${gzip ? 'gzip' : 'uncompressed'}', ignore_errors=true)`;
    return [`SELECT json, substr(filename, ${rootLength + 2}) AS object FROM ${read}`];
  });
  const lines =
    calls.length === 0 ? 'SELECT NULL::JSON AS json, NULL::VARCHAR AS object WHERE false' : calls.join(' UNION ALL ');
  // try() does not hold back from_base64's error when the optimizer takes the call out of it.
  const isBase64 = `regexp_full_match(json->>'rawData', '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?')`;
  // Readers must take any order of members and both spellings: the documentation and the service differ.
  return `CREATE VIEW errors AS SELECT
    split_part(object, '/', 2) AS type,
    ${member('errorCode', 'ErrorCode', 'lastErrorCode')} AS code,
    ${member('errorMessage', 'ErrorMessage', 'lastErrorMessage')} AS message,
    try_cast(json->>'attemptsMade' AS BIGINT) AS attempts,
    epoch_ms(try_cast(json->>'arrivalTimestamp' AS BIGINT)) AS arrived_at,
    epoch_ms(try_cast(json->>'attemptEndingTimestamp' AS BIGINT)) AS failed_at,
    coalesce(try(decode(bytes)), bytes::VARCHAR, json->>'rawData') AS raw,
    object
    FROM (SELECT *, CASE WHEN ${isBase64} THEN from_base64(json->>'rawData') END AS bytes FROM (${lines}))`;
}

/** What a user's SQL can name, in the order in which people want them. */
export const viewNames = ['events', 'events_raw', 'quarantine', 'errors'] as const;

/**
 * Copies of an event exist only after failures, but a wrong count is worse than a slower query: `events` keeps the copy received first.
 * The partition's keys are among the window's, so that a filter on page and event still reads only that partition's objects. An event
 * without an id cannot be told from another: all stay.
 */
const firstCopy = (ids: string) =>
  `QUALIFY event_id IS NULL OR row_number() OVER (PARTITION BY page, event, ${ids} ORDER BY received_text) = 1`;

/** The statements that make the lake's views, and those that afterwards tell them all objects. */
export function viewStatements(
  root: string | undefined,
  delivered: readonly LakeObject[],
  errors: readonly LakeObject[],
  damaged: ReadonlySet<string>,
): string[] {
  const from = groups(delivered, damaged);
  const hasDate = from.some((group) => group.hasDate);
  const rootLength = root?.length ?? 0;
  const selected = [...eventColumns.map(typed), 'page', 'event', ...(hasDate ? ['dt'] : [])];
  const inOrder = [...lakeColumns().map((column) => column.name), 'dt'].filter(
    (each) => !quarantineOnly.includes(each) && (each !== 'dt' || hasDate),
  );
  const ordered = inOrder.map(name).join(', ');
  const isEvent = `page <> ${text(quarantinePage)}`;
  const lists = [
    ...from.map(({ variable, paths }) => ({ variable, paths })),
    ...[true, false].map((gzip) => ({
      variable: `errors_${gzip}`,
      paths: errors.filter((object) => object.gzip === gzip).map((object) => object.path),
    })),
  ].filter(({ paths }) => paths.length > 0);
  const set = ({ variable, paths }: { variable: string; paths: string[] }) =>
    `SET VARIABLE ${variable} = ${textList(paths)}`;
  return [
    // A view is bound when it is made, at a price per file: one file is enough for that.
    ...lists.map(({ variable, paths }) => set({ variable, paths: paths.slice(0, 1) })),
    deliveredView(from, rootLength),
    `CREATE VIEW events_raw AS SELECT ${ordered}, object FROM (SELECT ${selected.join(', ')}, object FROM millrace_delivered WHERE ${isEvent})`,
    `CREATE VIEW events AS SELECT ${ordered} FROM (SELECT ${selected.join(', ')}, object, received_at AS received_text
      FROM millrace_delivered WHERE ${isEvent}) ${firstCopy('event_id')}`,
    `CREATE VIEW quarantine AS SELECT event_id, code, reason, raw, received_at, object FROM (
      SELECT event_id, page, event, substr(event, 2) AS code, reason, raw, received_at AS received_text,
      try_cast(received_at AS TIMESTAMPTZ)::TIMESTAMP AS received_at, object
      FROM millrace_delivered WHERE NOT (${isEvent})) ${firstCopy('event_id, raw')}`,
    errorsView(errors, rootLength),
    ...lists.map(set),
  ];
}

/** How a value that is there but does not fit its column's type is found, in millrace_delivered. */
export const misfit = columns
  .filter((column) => column.duckdb !== 'VARCHAR' && column.duckdb !== 'JSON')
  .map((column) => {
    const type = column.duckdb === 'TIMESTAMP' ? 'TIMESTAMPTZ' : column.duckdb;
    return `(${name(column.name)} IS NOT NULL AND try_cast(${name(column.name)} AS ${type}) IS NULL)`;
  })
  .join(' OR ');
