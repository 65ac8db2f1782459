import { name } from '@millrace/kit/sql-text';
import { type LakeColumn, lakeColumns, partitionColumns } from '@millrace/sdk/schema';

/** The columns that lie in the objects: those of the schema without the partition keys, which lie in the keys. */
export const storedColumns: readonly LakeColumn[] = lakeColumns().filter(
  (column) => !partitionColumns.some((key) => key === column.name),
);

/**
 * The type that a column is read as. All but JSON are read as text and cast with try_cast: a value that does not fit
 * (something other than the SDK may put events into the stream) is a NULL in its column, not an error for the whole
 * object. The audit counts them.
 */
export const readAs = (column: LakeColumn): string => (column.duckdb === 'JSON' ? 'JSON' : 'VARCHAR');

/** A stored column in its own type, under its own name. */
export function typed(column: LakeColumn): string {
  const field = name(column.name);
  if (column.duckdb === 'VARCHAR' || column.duckdb === 'JSON') return field;
  // By way of TIMESTAMPTZ, so that an offset counts; the session's time zone is UTC.
  if (column.duckdb === 'TIMESTAMP') return `try_cast(${field} AS TIMESTAMPTZ)::TIMESTAMP AS ${field}`;
  return `try_cast(${field} AS ${column.duckdb}) AS ${field}`;
}
