import { storedColumns } from '../duckdb/columns.js';
import { type ColumnKind, type ReadColumn, slots } from './line.js';

const kinds: Record<string, ColumnKind> = {
  VARCHAR: 'text',
  TIMESTAMP: 'time',
  BIGINT: 'integer',
  DOUBLE: 'number',
  BOOLEAN: 'boolean',
  JSON: 'json',
};

/** The columns that a line can have; a thread that reads lines is told them, so that it need not load the schema. */
export const readColumns: readonly ReadColumn[] = storedColumns.map(({ name, duckdb }) => ({
  name,
  kind: kinds[duckdb]!,
  slot: Object.hasOwn(slots, name) ? slots[name as keyof typeof slots] : -1,
}));
