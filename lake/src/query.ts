import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { text } from '@millrace/kit/sql-text';
import type { JsonValue } from '@millrace/sdk/schema';
import { mayBeDamage, messageOf } from './damage.js';
import { explainSqlError, QueryError } from './query-error.js';
import type { LakeWarnings, Reading } from './reading.js';
import { checkStatement } from './statement.js';
import { plainValue } from './values.js';

export interface QueryColumn {
  name: string;
  /** DuckDB's name: BIGINT, TIMESTAMP, VARCHAR[] … */
  type: string;
}

export interface QueryOptions {
  /** Milliseconds until the query is stopped. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface QueryHead extends LakeWarnings {
  columns: QueryColumn[];
}

export interface QueryResult extends QueryHead {
  /** Values as JSON has them; see `plainValue`. */
  rows: JsonValue[][];
  /** There were more rows than `maxRows`. */
  truncated: boolean;
}

const defaultTimeoutMs = 120_000;

/** Answers with up to `maxRows` rows; what is not needed for them is not read. */
export function runQuery(reading: Reading, sql: string, maxRows: number, options: QueryOptions): Promise<QueryResult> {
  return watched(reading, sql, options, async (connection) => {
    const result = await connection.stream(sql);
    const rows: JsonValue[][] = [];
    const head = headOf(result, reading);
    for await (const batch of batches(result)) {
      for (const row of batch) {
        if (rows.length === maxRows) return { ...head, rows, truncated: true };
        rows.push(row);
      }
    }
    return { ...head, rows, truncated: false };
  });
}

/**
 * Hands over all rows, a batch at a time. They are kept in a temporary table first, on disk when they are many, so that whatever is
 * wrong with the query or the lake is known before the first row.
 */
export function runQueryEach(
  reading: Reading,
  sql: string,
  onRows: (rows: JsonValue[][], head: QueryHead) => void | Promise<void>,
  options: QueryOptions,
): Promise<QueryHead> {
  return watched(reading, sql, options, async (connection) => {
    const result = await kept(connection, sql);
    const head = headOf(result, reading);
    for await (const batch of batches(result)) await onRows(batch, head);
    return head;
  });
}

async function kept(connection: DuckDBConnection, sql: string): Promise<DuckDBResult> {
  // EXPLAIN, DESCRIBE and the like make no table, and few rows.
  const table = await connection.prepare(`CREATE TEMP TABLE millrace_rows AS\n${sql}`).catch(() => undefined);
  if (!table) return connection.run(sql);
  await table.run();
  return connection.stream('FROM millrace_rows');
}

async function watched<Answer>(
  { engine: { connection } }: Reading,
  sql: string,
  { timeoutMs = defaultTimeoutMs, signal }: QueryOptions,
  work: (connection: DuckDBConnection) => Promise<Answer>,
): Promise<Answer> {
  let stopped: QueryError | undefined;
  const stop = (why: string) => {
    stopped ??= new QueryError('limit', why);
    connection.interrupt();
  };
  const timer = setTimeout(() => stop(`the query was stopped: it took longer than ${timeoutMs / 1000} s`), timeoutMs);
  const onAbort = () => stop('the query was stopped');
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    await checkStatement(connection, sql);
    if (stopped) throw stopped;
    return await work(connection);
  } catch (error) {
    if (stopped) throw stopped;
    // Damage is for whoever reads the lake: it sets the object apart and asks again.
    if (error instanceof QueryError || mayBeDamage(messageOf(error))) throw error;
    throw await explainSqlError(error, sql, (view) => columnsOf(connection, view));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

async function columnsOf(connection: DuckDBConnection, view: string): Promise<string[]> {
  const found = await connection.runAndReadAll(
    `SELECT column_name FROM duckdb_columns() WHERE table_name = ${text(view)} ORDER BY column_index`,
  );
  return found.getRows().map(([name]) => String(name));
}

function headOf(result: DuckDBResult, { damaged, strange }: LakeWarnings): QueryHead {
  const names = result.deduplicatedColumnNames();
  const types = result.columnTypes();
  return {
    columns: names.map((name, at) => ({ name, type: types[at]!.alias ?? types[at]!.toString() })),
    damaged,
    strange,
  };
}

async function* batches(result: DuckDBResult): AsyncGenerator<JsonValue[][]> {
  // The result's types know which columns are JSON; a chunk's do not.
  const types = result.columnTypes();
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    yield chunk.getRows().map((row) => row.map((value, at) => plainValue(value, types[at]!)));
  }
}
