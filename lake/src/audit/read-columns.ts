import { storedColumns } from '../duckdb/columns.js';
import { type ColumnKind, kinds, type ReadColumn, slots } from './line.js';

const kindsOf: Record<string, ColumnKind> = {
  VARCHAR: kinds.text,
  TIMESTAMP: kinds.time,
  BIGINT: kinds.integer,
  DOUBLE: kinds.number,
  BOOLEAN: kinds.boolean,
  JSON: kinds.json,
};

/** The columns that a line can have; a thread that reads lines is told them, so that it need not load the schema. */
export const readColumns: readonly ReadColumn[] = storedColumns.map(({ name, duckdb }) => ({
  name,
  kind: kindsOf[duckdb]!,
  slot: Object.hasOwn(slots, name) ? slots[name as keyof typeof slots] : -1,
}));
