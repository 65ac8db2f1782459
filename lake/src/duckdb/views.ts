import { name, text, textList } from '@millrace/kit/sql-text';
import {
  identityColumns,
  isEventColumn,
  lakeColumns,
  ledgerPage,
  pagesWithoutEvents,
  quarantinePage,
} from '@millrace/sdk/schema';
import { readAs, storedColumns, typed } from './columns.js';
import { errorsView } from './errors-view.js';
import { isWanted } from './event-filter.js';
import type { ParquetShape } from './parquet-shapes.js';
import { groupSources, isDated, type SourceGroup, selectGroup } from './read-objects.js';
import type { Source } from './sources.js';

/** What a user's SQL can name, in the order in which people want them. */
export const viewNames = ['events', 'events_raw', 'quarantine', 'errors', 'ledger'] as const;

const eventColumns = storedColumns.filter((column) => isEventColumn(column.name));
const isEvent = `page NOT IN (${pagesWithoutEvents.map(text).join(', ')})`;

/**
 * Copies of an event exist only after failures, but a wrong count is worse than a slower query: `events` keeps the copy
 * received first. A copy has the whole identity: by the id alone, whoever has the write key could hide another's event.
 * What was put straight into the stream without stream and number is a copy by its id; events without an id all stay.
 * The partition's keys are among the window's, so that a filter on page and event still reads only that partition's
 * objects.
 */
const firstCopy = (...ids: string[]) =>
  `QUALIFY event_id IS NULL OR row_number() OVER (PARTITION BY page, event, ${ids.join(', ')} ORDER BY received_text) = 1`;

/** Every delivered row that the filter wants, quarantine included, as text. */
function deliveredView(groups: SourceGroup[], rootLength: number): string {
  const nothing =
    `SELECT ${storedColumns.map((column) => `NULL::${readAs(column)} AS ${name(column.name)}`).join(', ')}, ` +
    'NULL::VARCHAR AS page, NULL::VARCHAR AS event, NULL::DATE AS dt, NULL::VARCHAR AS object WHERE false';
  const branches = groups.map((group) => selectGroup(group, rootLength));
  const rows = branches.length === 0 ? nothing : branches.join(' UNION ALL ');
  return `CREATE VIEW millrace_delivered AS SELECT * FROM (${rows}) WHERE ${isWanted}`;
}

function eventViews(hasDate: boolean): string[] {
  const selected = [...eventColumns.map(typed), 'page', 'event', ...(hasDate ? ['dt'] : [])].join(', ');
  const ordered = [...lakeColumns().map((column) => column.name), 'dt']
    .filter((each) => isEventColumn(each) || (each === 'dt' && hasDate))
    .map(name)
    .join(', ');
  return [
    `CREATE VIEW events_raw AS SELECT ${ordered}, object FROM (SELECT ${selected}, object FROM millrace_delivered WHERE ${isEvent})`,
    `CREATE VIEW events AS SELECT ${ordered} FROM (SELECT ${selected}, object, received_at AS received_text
      FROM millrace_delivered WHERE ${isEvent}) ${firstCopy(...identityColumns)}`,
  ];
}

const quarantineView = `CREATE VIEW quarantine AS SELECT event_id, code, reason, raw, received_at, site, is_bot, object FROM (
  SELECT event_id, page, event, substr(event, 2) AS code, reason, raw, received_at AS received_text,
  try_cast(received_at AS TIMESTAMPTZ)::TIMESTAMP AS received_at, site, try_cast(is_bot AS BOOLEAN) AS is_bot, object
  FROM millrace_delivered WHERE page = ${text(quarantinePage)}) ${firstCopy('event_id', 'raw')}`;

/** What the servers acknowledged; a row that was sent twice stands here twice. */
const ledgerView = `CREATE VIEW ledger AS SELECT server, try_cast(server_row AS BIGINT) AS server_row,
  try_cast(received_at AS TIMESTAMPTZ)::TIMESTAMP AS received_at, acknowledged, object
  FROM millrace_delivered WHERE page = ${text(ledgerPage)}`;

/** What the views read. */
export interface Readable {
  /** The lake's folder; undefined while there is none. */
  root: string | undefined;
  delivered: readonly Source[];
  errors: readonly Source[];
  /** The shapes of Parquet sources, by path. */
  shapes: ReadonlyMap<string, ParquetShape>;
}

/** The statements that make the lake's views. */
export function viewStatements({ root, delivered, errors, shapes }: Readable): string[] {
  const groups = groupSources(delivered, shapes, 'objects');
  const errorGroups = groupSources(errors, shapes, 'errors');
  const rootLength = root?.length ?? 0;
  const set = ({ variable }: SourceGroup, sources: readonly Source[]) =>
    `SET VARIABLE ${variable} = ${textList(sources.map(({ path }) => path))}`;
  return [
    // DuckDB opens every file when it makes a view; one file is enough for that.
    ...[...groups, ...errorGroups].map((group) => set(group, group.sources.slice(0, 1))),
    deliveredView(groups, rootLength),
    ...eventViews(groups.some(isDated)),
    quarantineView,
    ledgerView,
    errorsView(errorGroups, rootLength),
    ...[...groups, ...errorGroups].map((group) => set(group, group.sources)),
  ];
}
