import { identityColumns, identityText, type JsonValue } from '@millrace/sdk/schema';
import type { Left } from './repair.js';

/** What asks the lake: DuckDB here, Athena on AWS. All rows, a batch at a time. */
export interface Asks {
  queryEach(
    sql: string,
    onRows: (rows: JsonValue[][]) => void | Promise<void>,
    options?: { signal?: AbortSignal },
  ): Promise<unknown>;
}

/** Which rows to redrive. */
export interface Filters {
  /** The quarantine's code, as invalid_event, or Firehose's. */
  code?: string | undefined;
  /** A day or a time: only what came at or after it. */
  since?: string | undefined;
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const where = (conditions: string[]) => (conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`);

/** What lies in quarantine. */
export async function quarantined(lake: Asks, { code, since }: Filters, signal?: AbortSignal): Promise<Left[]> {
  const conditions = [
    ...(code === undefined ? [] : [`code = ${text(code)}`]),
    ...(since === undefined ? [] : [`received_at >= timestamp ${text(since)}`]),
  ];
  return rowsOf(lake, `select event_id, code, raw, object from quarantine${where(conditions)}`, signal);
}

/** What Firehose could not deliver. */
export async function undelivered(lake: Asks, { code, since }: Filters, signal?: AbortSignal): Promise<Left[]> {
  const conditions = [
    ...(code === undefined ? [] : [`code = ${text(code)}`]),
    ...(since === undefined ? [] : [`arrived_at >= timestamp ${text(since)}`]),
  ];
  return rowsOf(lake, `select null as event_id, code, raw, object from errors${where(conditions)}`, signal);
}

async function rowsOf(lake: Asks, sql: string, signal: AbortSignal | undefined): Promise<Left[]> {
  const found: Left[] = [];
  await lake.queryEach(
    sql,
    (rows) => {
      for (const [eventId, code, raw, object] of rows) {
        found.push({
          eventId: typeof eventId === 'string' ? eventId : undefined,
          code: String(code),
          raw: String(raw ?? ''),
          object: String(object),
        });
      }
    },
    signal ? { signal } : {},
  );
  return found;
}

/** Ids in one statement at most: Athena takes 256 kB of SQL. */
const idsAtOnce = 2_000;

/** The `identityText` of each event in the lake that has one of the ids. */
export async function delivered(lake: Asks, ids: readonly string[], signal?: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>();
  const wanted = [...new Set(ids.map((id) => id.toLowerCase()))];
  for (let at = 0; at < wanted.length; at += idsAtOnce) {
    const some = wanted.slice(at, at + idsAtOnce).map(text);
    const sql = `select distinct ${identityColumns.join(', ')} from events_raw where lower(event_id) in (${some.join(', ')})`;
    await lake.queryEach(
      sql,
      (rows) => {
        for (const [id, stream_id, seq] of rows) found.add(identityText({ event_id: String(id), stream_id, seq }));
      },
      signal ? { signal } : {},
    );
  }
  return found;
}
