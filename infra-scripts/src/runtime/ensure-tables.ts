import type { Catalogue, TableInput } from '@millrace/embedded-aws';
import type { Pipeline } from '../pipeline/definition.js';

/**
 * Creates the pipeline's database and tables in the embedded Glue, unless they exist. An existing table gets the
 * columns that the event schema has gained since; whatever its owner changed stays.
 */
export async function ensureTables(catalogue: Catalogue, { settings, table, errorTable }: Pipeline): Promise<void> {
  const { database } = settings;
  if (!catalogue.databases().some(({ input }) => input.Name === database))
    await catalogue.createDatabase({ Name: database });
  for (const wanted of [table, errorTable]) {
    const there = catalogue.tables(database).find(({ input }) => input.Name === wanted.Name)?.input;
    if (!there) await catalogue.createTable(database, wanted);
    else {
      const missing = missingColumns(there, wanted);
      if (missing.length === 0) continue;
      const Columns = [...(there.StorageDescriptor?.Columns ?? []), ...missing];
      await catalogue.updateTable(database, { ...there, StorageDescriptor: { ...there.StorageDescriptor, Columns } });
    }
  }
}

function missingColumns(there: TableInput, wanted: TableInput) {
  const names = new Set(
    [...(there.StorageDescriptor?.Columns ?? []), ...(there.PartitionKeys ?? [])].map(({ Name }) => Name),
  );
  return wanted.StorageDescriptor!.Columns!.filter(({ Name }) => !names.has(Name));
}
