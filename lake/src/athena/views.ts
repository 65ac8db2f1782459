import { name, text } from '@millrace/kit/sql-text';
import {
  identityColumns,
  isEventColumn,
  type LakeColumn,
  lakeColumns,
  ledgerPage,
  pagesWithoutEvents,
  partitionColumns,
  quarantinePage,
} from '@millrace/sdk/schema';
import type { EventFilter } from '../lake.js';
import { queryError } from '../query-error.js';

/** The lake's tables in the Glue catalogue: `table` and `table_errors`. */
export interface AthenaTables {
  database: string;
  table: string;
  /** Whether there is a `dt` partition. */
  datePartition?: boolean;
}

/** A column in the type that it has with DuckDB: times are timestamps in UTC. */
function typed(column: LakeColumn): string {
  const field = name(column.name);
  return column.duckdb === 'TIMESTAMP'
    ? `CAST(try(from_iso8601_timestamp(${field})) AT TIME ZONE 'UTC' AS timestamp) AS ${field}`
    : field;
}

const columns = lakeColumns();
const isPartition = (column: LakeColumn) => partitionColumns.some((key) => key === column.name);
const eventColumns = columns.filter((column) => isEventColumn(column.name));
const identity = identityColumns.map(name).join(', ');

/** A line that is no JSON: Athena's SerDe makes it a row in which nothing has a value. It is no event. */
const hasValue = `NOT (${[
  'event_id',
  'event_time',
  'visitor_id',
  'session_id',
  'stream_id',
  'seq',
  'sdk',
  'received_at',
]
  .map((field) => `${name(field)} IS NULL`)
  .join(' AND ')})`;

/** ` AND …` for the rows that a filter wants. */
const isWanted = ({ site, bots }: EventFilter): string =>
  `${site === undefined ? '' : ` AND "site" = ${text(site)}`}${bots === false ? ' AND coalesce("is_bot", false) = false' : ''}`;

/**
 * How many rows each page and event has, and when the newest was received, or happened where no server received it.
 */
export function partitionCounts({ database, table }: AthenaTables, filter: EventFilter): string {
  const time = (field: string) => `try(from_iso8601_timestamp("${field}"))`;
  return (
    `SELECT "page", "event", count(*), CAST(max(coalesce(${time('received_at')}, ${time('event_time')})) AT TIME ZONE 'UTC' AS timestamp) ` +
    `FROM "${database}"."${table}" WHERE ${hasValue}${isWanted(filter)} GROUP BY 1, 2`
  );
}

/**
 * The lake's views as common table expressions, by name: `events`, `events_raw`, `quarantine`,
 * `ledger`, `errors`. So nothing has
 * to be stored in Athena, and it reads only what the statement names.
 */
function viewExpressions(
  { database, table, datePartition }: AthenaTables,
  filter: EventFilter,
): Record<string, string> {
  const from = `"${database}"."${table}"`;
  const inOrder = [...eventColumns.map((column) => column.name), ...(datePartition ? ['dt'] : [])].map(name).join(', ');
  const selected = [
    ...eventColumns.map((column) => (isPartition(column) ? name(column.name) : typed(column))),
    ...(datePartition ? ['"dt"'] : []),
  ];
  const object = `regexp_replace("$path", '^s3://[^/]+/', '') AS object`;
  const wanted = isWanted(filter);
  const isEvent = `"page" NOT IN (${pagesWithoutEvents.map((page) => `'${page}'`).join(', ')})`;
  return {
    events_raw: `SELECT ${selected.join(', ')}, ${object} FROM ${from} WHERE ${isEvent} AND ${hasValue}${wanted}`,
    // The copy received first, as with DuckDB. Events without an id cannot be told apart: all of them stay.
    events:
      `SELECT ${inOrder} FROM (SELECT *, row_number() OVER (PARTITION BY "page", "event", ${identity} ORDER BY "received_at") AS copy ` +
      'FROM events_raw) WHERE copy = 1 OR "event_id" IS NULL',
    quarantine:
      `SELECT event_id, code, reason, raw, received_at, site, is_bot, object FROM (SELECT "event_id", substr("event", 2) AS code, ` +
      `"reason", "raw", "site", "is_bot", ` +
      `CAST(try(from_iso8601_timestamp("received_at")) AT TIME ZONE 'UTC' AS timestamp) AS received_at, ${object}, ` +
      `row_number() OVER (PARTITION BY "event", "event_id", "raw" ORDER BY "received_at") AS copy ` +
      `FROM ${from} WHERE "page" = '${quarantinePage}'${wanted}) WHERE copy = 1 OR event_id IS NULL`,
    ledger:
      `SELECT "server", "server_row", CAST(try(from_iso8601_timestamp("received_at")) AT TIME ZONE 'UTC' AS timestamp) AS received_at, ` +
      `"acknowledged", ${object} FROM ${from} WHERE "page" = '${ledgerPage}'`,
    errors:
      `SELECT split_part(regexp_replace("$path", '^s3://[^/]+/', ''), '/', 2) AS type, coalesce("errorcode", "lasterrorcode") AS code, ` +
      `coalesce("errormessage", "lasterrormessage") AS message, "attemptsmade" AS attempts, ` +
      `CAST(from_unixtime("arrivaltimestamp" / 1e3) AT TIME ZONE 'UTC' AS timestamp) AS arrived_at, ` +
      `CAST(from_unixtime("attemptendingtimestamp" / 1e3) AT TIME ZONE 'UTC' AS timestamp) AS failed_at, ` +
      `coalesce(try(from_utf8(from_base64("rawdata"))), "rawdata") AS raw, ${object} FROM "${database}"."${table}_errors"`,
  };
}

/** The views that a view reads. */
const needs: Record<string, string[]> = { events: ['events_raw'] };

/**
 * Puts the views that a statement names before it; its own WITH follows ours.
 * @throws MillraceError `QUERY_REFUSED` when it is not a SELECT or WITH statement
 */
export function withViews(sql: string, tables: AthenaTables, filter: EventFilter = {}): string {
  const statement = sql.trim().replace(/;\s*$/, '');
  // `FROM "clickstream"."events"` is the table itself: ours name it so.
  const first = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*([a-z]+)/i.exec(statement)?.[1]?.toLowerCase();
  if (first !== 'select' && first !== 'with') {
    throw queryError(
      'QUERY_REFUSED',
      'only a SELECT (or WITH … SELECT) is allowed: a query reads the lake and changes nothing',
    );
  }
  const views = viewExpressions(tables, filter);
  const named = Object.keys(views).filter((view) => new RegExp(`\\b${view}\\b`, 'i').test(statement));
  const wanted = Object.keys(views).filter(
    (view) => named.includes(view) || named.some((each) => needs[each]?.includes(view)),
  );
  if (wanted.length === 0) return statement;
  const expressions = wanted.map((view) => `${view} AS (${views[view]})`).join(',\n');
  if (first === 'with')
    return `WITH ${expressions},\n${statement.replace(/^([\s\S]*?)\bwith\b(\s+recursive\b)?/i, '')}`;
  return `WITH ${expressions}\n${statement}`;
}
