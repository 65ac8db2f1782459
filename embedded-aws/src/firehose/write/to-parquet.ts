import { mkdtemp, open, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox } from '@millrace/kit/duckdb-sandbox';
import { name, text } from '@millrace/kit/sql-text';
import type { ConversionConfiguration } from '../config/conversion.js';
import { createLimiter } from '../limiter.js';

/** A conversion may hold some hundred megabytes. */
const oneAtATime = createLimiter(1);
/** A record is a megabyte at most, and becomes no longer than some times that. */
const maxLineBytes = 64 * 1024 * 1024;

/** Lines of JSON with the configuration's columns, as one Parquet file. */
export function toParquet(
  blocks: readonly Buffer[],
  { columns, compression }: Pick<ConversionConfiguration, 'columns' | 'compression'>,
): Promise<Buffer> {
  return oneAtATime(async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-parquet-')));
    try {
      const lines = join(folder, 'lines.json');
      const file = await open(lines, 'w');
      try {
        for (const block of blocks) await file.writeFile(block);
      } finally {
        await file.close();
      }
      const sandbox = await openSandbox({
        folder,
        threads: 2,
        memoryMb: 512,
        temporaryFolder: join(folder, 'duckdb'),
        keepOrder: true,
      });
      const made = join(folder, 'made.parquet');
      const struct = columns.map((column) => `${name(column.name)}: ${text(column.duckdb)}`).join(', ');
      try {
        await sandbox.connection.run(
          `COPY (SELECT * FROM read_json(${text(lines)}, format='newline_delimited', compression='uncompressed', ` +
            `maximum_object_size=${maxLineBytes}, columns={${struct}})) TO ${text(made)} (FORMAT parquet, COMPRESSION ${text(compression)})`,
        );
      } finally {
        sandbox.close();
      }
      return await readFile(made);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
