import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { text, textList } from '../../../lake/sql-text.js';
import { maxRecordBytes } from './scan.js';
import { macros } from './to-duckdb.js';

export interface SelectEngine {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** A DuckDB of its own for one query that reaches the folder, and in it the one file, and nothing else. */
export async function openSelectEngine(
  folder: string,
  file: string,
  format: 'lines' | 'document' | 'parquet',
): Promise<SelectEngine> {
  // Loaded at the first query: an S3 that is asked none needs none.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '512MB',
    temp_directory: join(folder, 'duckdb'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  const records =
    format === 'parquet'
      ? `SELECT to_json(p) AS j FROM read_parquet(${text(file)}) AS p`
      : `SELECT json AS j FROM read_json_objects(${text(file)}, format = '${format === 'lines' ? 'newline_delimited' : 'unstructured'}', ` +
        `compression = 'uncompressed', maximum_object_size = ${maxRecordBytes})`;
  try {
    for (const statement of [
      "SET TimeZone = 'UTC'",
      `SET allowed_directories = ${textList([folder])}`,
      ...macros,
      `CREATE VIEW records AS ${records}`,
      'SET enable_external_access = false',
      'SET lock_configuration = true',
    ])
      await connection.run(statement);
    return { connection, close };
  } catch (error) {
    close();
    throw error;
  }
}
