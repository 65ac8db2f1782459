import { z } from 'zod';
import { quarantinedEventSchema, storedEventSchema } from './event.js';
import { ledgerRowSchema } from './ledger-row.js';

/** A column of the lake's table, in the words of each engine. */
export interface LakeColumn {
  name: string;
  /** Glue and Athena, as the OpenX JSON SerDe reads it. Times stay text there: `from_iso8601_timestamp(event_time)`. */
  glue: 'string' | 'bigint' | 'double' | 'boolean';
  duckdb: 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'TIMESTAMP' | 'JSON';
  description: string;
}

/** The columns that are the lake's partition keys, in the order of the prefix. */
export const partitionColumns = ['page', 'event'] as const;

interface JsonSchemaField {
  type?: string;
  format?: string;
  description?: string;
}

function columnType(name: string, field: JsonSchemaField): Pick<LakeColumn, 'glue' | 'duckdb'> {
  if (field.type === 'string') {
    return field.format === 'date-time'
      ? { glue: 'string', duckdb: 'TIMESTAMP' }
      : { glue: 'string', duckdb: 'VARCHAR' };
  }
  if (field.type === 'integer') return { glue: 'bigint', duckdb: 'BIGINT' };
  if (field.type === 'number') return { glue: 'double', duckdb: 'DOUBLE' };
  if (field.type === 'boolean') return { glue: 'boolean', duckdb: 'BOOLEAN' };
  if (field.type === 'object') return { glue: 'string', duckdb: 'JSON' };
  throw new TypeError(`no column type for the schema's field ${name}: ${JSON.stringify(field)}`);
}

/** Whether an event has the column; others are the quarantine's or the ledger's. */
export const isEventColumn = (name: string): boolean => Object.hasOwn(storedEventSchema.shape, name);

/**
 * The lake's columns, made from the schema: every field of a stored event, then those that only the quarantine and the
 * ledger have.
 */
export function lakeColumns(): LakeColumn[] {
  const fields = new Map<string, JsonSchemaField>();
  for (const schema of [storedEventSchema, quarantinedEventSchema, ledgerRowSchema]) {
    const { properties } = z.toJSONSchema(schema, { io: 'input' });
    for (const [name, field] of Object.entries(properties ?? {})) {
      if (!fields.has(name)) fields.set(name, field as JsonSchemaField);
    }
  }
  return [...fields].map(([name, field]) => ({
    name,
    ...columnType(name, field),
    description: field.description ?? '',
  }));
}
