import { type JsonValue, lakeColumns } from '@millrace/sdk/schema';

const jsonColumns = new Set(lakeColumns().flatMap(({ name, duckdb }) => (duckdb === 'JSON' ? [name] : [])));

/**
 * A value of Athena's answer, where all are text, as DuckDB would give it: whole numbers past 2^53 stay text, times are
 * RFC 3339 in UTC, and a JSON column under its own name is the value that it holds.
 */
export function plainValue(text: string | undefined, type = 'varchar', column = ''): JsonValue {
  if (text === undefined) return null;
  switch (type) {
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case 'double':
    case 'float':
    case 'real':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'decimal':
      return text.replace(/\D/g, '').length <= 15 ? Number(text) : text;
    case 'boolean':
      return text === 'true';
    case 'timestamp':
      return `${text.replace(' ', 'T')}Z`;
    default:
      return jsonColumns.has(column) ? parsed(text) : text;
  }
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
