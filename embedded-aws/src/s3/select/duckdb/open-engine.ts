import { join } from 'node:path';
import { openSandbox, type Sandbox } from '@millrace/kit/duckdb-sandbox';
import { text } from '@millrace/kit/sql-text';
import { maxRecordBytes } from '../scan.js';
import { macros } from './macros.js';

/**
 * A DuckDB for one query, which reads `folder` alone, with the view `records(j)` over the file: a JSON value per
 * record.
 */
export function openSelectEngine(
  folder: string,
  file: string,
  format: 'lines' | 'document' | 'parquet',
): Promise<Sandbox> {
  const records =
    format === 'parquet'
      ? `SELECT to_json(p) AS j FROM read_parquet(${text(file)}) AS p`
      : `SELECT json AS j FROM read_json_objects(${text(file)}, format = '${format === 'lines' ? 'newline_delimited' : 'unstructured'}', ` +
        `compression = 'uncompressed', maximum_object_size = ${maxRecordBytes})`;
  return openSandbox({
    folder,
    threads: 2,
    memoryMb: 512,
    temporaryFolder: join(folder, 'duckdb'),
    keepOrder: true,
    // There is nothing to find a better way to, and looking for one takes a minute for a sum of 300 members.
    prepare: [...macros, `CREATE VIEW records AS ${records}`, 'PRAGMA disable_optimizer'],
  });
}
