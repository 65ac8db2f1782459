import { type LakePlace, readLake } from '../duckdb/read-lake.js';
import type { DamagedObject } from '../lake.js';
import { LineAdder } from './add-line.js';
import { isText } from './line.js';
import type { PartedFacts } from './parted-facts.js';
import { readColumns } from './read-columns.js';

/** Where the Parquet objects lie, which of them to read, and how DuckDB may. */
export interface ParquetOptions {
  /** The place of each object in the facts, by its key. */
  places: ReadonlyMap<string, number>;
  lake: LakePlace;
  signal?: AbortSignal | undefined;
}

/** Reads Parquet objects of a lake into facts, by DuckDB. */
export async function readParquet(
  facts: PartedFacts,
  { places, lake, signal }: ParquetOptions,
): Promise<DamagedObject[]> {
  const adder = new LineAdder(facts, readColumns);
  const before = facts.mark();
  const needed = readColumns.filter(({ kind, slot }) => slot >= 0 || !isText(kind));
  const names = [...needed.map(({ name }) => name), 'properties', 'page', 'object'];
  return await readLake(
    lake,
    async ({ engine, damaged }) => {
      // Done again from the start when an object turns out to be damaged.
      facts.cut(before);
      const onAbort = () => engine.connection.interrupt();
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        const result = await engine.connection.stream(`SELECT ${names.join(', ')} FROM millrace_delivered`);
        for await (const chunk of result.yieldRowsJs()) {
          for (const values of chunk) {
            const row = Object.fromEntries(names.map((name, at) => [name, values[at]]));
            const index = places.get(String(row.object));
            if (index !== undefined) adder.addRow(row, String(row.page), index);
          }
        }
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
      return [...damaged];
    },
    (object) => object.parquet && places.has(object.key),
  );
}
