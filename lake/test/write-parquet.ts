import { DuckDBInstance } from '@duckdb/node-api';
import { text } from '@millrace/kit/sql-text';

let engine: ReturnType<typeof DuckDBInstance.create> | undefined;

/** Writes rows as a Parquet object, all their fields as text. */
export async function writeParquet(path: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  engine ??= DuckDBInstance.create(':memory:');
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const all = rows.length === 0 ? [{}] : rows;
  const columns = names.length === 0 ? ['stream_id'] : names;
  const connection = await (await engine).connect();
  try {
    const values = all.map(
      (row) => `(${columns.map((name) => value((row as Record<string, unknown>)[name])).join(', ')})`,
    );
    const where = rows.length === 0 ? ' WHERE false' : '';
    await connection.run(
      `COPY (SELECT * FROM (VALUES ${values.join(', ')}) AS rows(${columns.map((name) => `"${name}"`).join(', ')})${where}) TO ${text(path)} (FORMAT parquet)`,
    );
  } finally {
    connection.closeSync();
  }
}

const value = (given: unknown) =>
  given === undefined || given === null
    ? 'NULL::VARCHAR'
    : text(typeof given === 'string' ? given : JSON.stringify(given));
