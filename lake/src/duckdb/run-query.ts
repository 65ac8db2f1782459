import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { isMillraceError, type MillraceError } from '@millrace/kit/millrace-error';
import { text } from '@millrace/kit/sql-text';
import type { JsonValue } from '@millrace/sdk/schema';
import type { QueryHead, QueryOptions, QueryResult } from '../lake.js';
import { queryError } from '../query-error.js';
import { checkStatement } from './check-statement.js';
import { mayBeDamage, messageOf } from './damage.js';
import { explainSqlError } from './explain-error.js';
import type { LakeReading } from './read-lake.js';
import { plainValue } from './values.js';

const defaultTimeoutMs = 120_000;

/** Answers with at most `maxRows` rows, and reads no more of the lake than they need. */
export function runQuery(
  reading: LakeReading,
  sql: string,
  maxRows: number,
  options: QueryOptions,
): Promise<QueryResult> {
  return withTimeout(reading, sql, options, async (connection) => {
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
 * Hands over all rows, a batch at a time. Keeps them in a temporary table first, which goes to disk when it is large,
 * so that an error of the query or the lake comes before the first row.
 */
export function runQueryEach(
  reading: LakeReading,
  sql: string,
  onRows: (rows: JsonValue[][], head: QueryHead) => void | Promise<void>,
  options: QueryOptions,
): Promise<QueryHead> {
  return withTimeout(reading, sql, options, async (connection) => {
    const result = await keepRows(connection, sql);
    const head = headOf(result, reading);
    for await (const batch of batches(result)) await onRows(batch, head);
    return head;
  });
}

async function keepRows(connection: DuckDBConnection, sql: string): Promise<DuckDBResult> {
  // EXPLAIN, DESCRIBE and the like make no table, and few rows.
  const table = await connection.prepare(`CREATE TEMP TABLE millrace_rows AS\n${sql}`).catch(() => undefined);
  if (!table) return connection.run(sql);
  await table.run();
  return connection.stream('FROM millrace_rows');
}

async function withTimeout<Answer>(
  { engine: { connection } }: LakeReading,
  sql: string,
  { timeoutMs = defaultTimeoutMs, signal }: QueryOptions,
  work: (connection: DuckDBConnection) => Promise<Answer>,
): Promise<Answer> {
  let stopped: MillraceError | undefined;
  const stop = (why: string) => {
    stopped ??= queryError('QUERY_STOPPED', why);
    connection.interrupt();
  };
  const timer = setTimeout(() => stop(`the query timed out after ${timeoutMs / 1000} s`), timeoutMs);
  const onAbort = () => stop('the query was stopped');
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    await checkStatement(connection, sql);
    if (stopped) throw stopped;
    return await work(connection);
  } catch (error) {
    if (stopped) throw stopped;
    // `readLake` looks for damaged objects and runs the query again.
    if (isMillraceError(error) || mayBeDamage(messageOf(error))) throw error;
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

function headOf(result: DuckDBResult, { damaged, strange, looked }: LakeReading): QueryHead {
  const names = result.deduplicatedColumnNames();
  const types = result.columnTypes();
  return {
    columns: names.map((name, at) => ({ name, type: types[at]!.alias ?? types[at]!.toString() })),
    damaged,
    strange,
    looked,
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
