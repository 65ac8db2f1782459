import { DuckDBInstance } from '@duckdb/node-api';
import { text } from '@millrace/kit/sql-text';

/** Writes rows as a Parquet object, all their fields as text. */
export async function writeParquet(path: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  const found = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = found.length === 0 ? ['stream_id'] : found;
  const all: readonly Record<string, unknown>[] = rows.length === 0 ? [{}] : rows;
  const values = all.map((row) => `(${columns.map((name) => value(row[name])).join(', ')})`).join(', ');
  const names = columns.map((name) => `"${name}"`).join(', ');
  const where = rows.length === 0 ? ' WHERE false' : '';
  const engine = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await engine.connect();
  try {
    await connection.run(
      `COPY (SELECT * FROM (VALUES ${values}) AS rows(${names})${where}) TO ${text(path)} (FORMAT parquet)`,
    );
  } finally {
    connection.closeSync();
    engine.closeSync();
  }
}

const value = (given: unknown) =>
  given === undefined || given === null
    ? 'NULL::VARCHAR'
    : text(typeof given === 'string' ? given : JSON.stringify(given));
