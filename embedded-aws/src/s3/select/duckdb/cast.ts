import { refuse, type TypedSql } from './typed-sql.js';

const targets: Record<string, TypedSql> = {
  INT: { sql: 'BIGINT', type: 'number' },
  INTEGER: { sql: 'BIGINT', type: 'number' },
  BIGINT: { sql: 'BIGINT', type: 'number' },
  SMALLINT: { sql: 'BIGINT', type: 'number' },
  FLOAT: { sql: 'DOUBLE', type: 'number' },
  DOUBLE: { sql: 'DOUBLE', type: 'number' },
  DECIMAL: { sql: 'DECIMAL', type: 'number' },
  NUMERIC: { sql: 'DECIMAL', type: 'number' },
  STRING: { sql: 'VARCHAR', type: 'text' },
  VARCHAR: { sql: 'VARCHAR', type: 'text' },
  CHAR: { sql: 'VARCHAR', type: 'text' },
  BOOL: { sql: 'BOOLEAN', type: 'boolean' },
  BOOLEAN: { sql: 'BOOLEAN', type: 'boolean' },
  TIMESTAMP: { sql: 'TIMESTAMPTZ', type: 'timestamp' },
};

/**
 * CAST to one of S3 Select's types: `INT`, `DECIMAL(10,2)`.
 * @throws S3Error InvalidCast
 */
export function castTo({ sql, type }: TypedSql, target: string): TypedSql {
  const [, name, size = ''] = /^(\w+)(\(.*\))?$/.exec(target) ?? [];
  const cast = targets[name ?? ''];
  if (!cast) throw refuse('InvalidCast', `Unknown type ${target} in CAST. Known: ${Object.keys(targets).join(', ')}.`);
  const sized = cast.sql === 'DECIMAL' ? `DECIMAL${size || '(38,10)'}` : cast.sql;
  return { sql: `CAST(${type === 'json' ? `(${sql}->>'$')` : sql} AS ${sized})`, type: cast.type };
}
