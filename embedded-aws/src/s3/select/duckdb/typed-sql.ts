import { text as quoted } from '@millrace/kit/sql-text';
import { S3Error } from '../../errors.js';

/** `json`: a member of the object, whose type is known only when it is read. */
export type Type = 'json' | 'number' | 'text' | 'boolean' | 'timestamp' | 'null';

/** DuckDB's SQL of a value, and the value's type. */
export interface TypedSql {
  sql: string;
  type: Type;
}

/** An error of the statement, status 400, with S3's code. */
export const refuse = (code: string, message: string): S3Error => new S3Error(code, message, 400);

/** A statement of 256 KB becomes this long: what is written once may be needed several times. */
const maxLength = 4 * 1024 * 1024;

/** @throws S3Error UnsupportedSqlStructure when DuckDB's SQL becomes too long */
export function requireLength(length: number): void {
  if (length > maxLength) throw refuse('UnsupportedSqlStructure', 'The SQL expression is too complex.');
}

/**
 * The SQL of a value as a type: of a member that has another type, NULL.
 * @throws S3Error IncorrectSqlFunctionArgumentType
 */
export function as(type: Type, { sql, type: given }: TypedSql): string {
  if (given === type || given === 'null' || type === 'json') return given === 'null' ? 'NULL' : sql;
  if (given === 'json') return `s3_${type}(${sql})`;
  if (type === 'timestamp' && given === 'text') return `TRY_CAST(${sql} AS TIMESTAMPTZ)`;
  throw refuse('IncorrectSqlFunctionArgumentType', `Expected a ${type} and found a ${given}. CAST it.`);
}

/** As a JSON value, with NULL for a JSON null. */
export const toJson = (value: TypedSql): string =>
  value.type === 'json' ? `s3_value(${value.sql})` : `to_json(${value.sql})`;

/** A member of the record `j`. The steps are a JSON Pointer (RFC 6901); a number is a position in an array. */
export function pathSql(steps: readonly (string | number)[]): string {
  if (steps.length === 0) return 'j';
  const pointer = steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `json_extract(j, ${quoted(pointer)})`;
}

/**
 * A comparison. What a member is compared with says which type it must have: `s.item_id > 20` compares numbers.
 * @throws S3Error InvalidDataType for two values of different types
 */
export function compare(operator: string, left: TypedSql, right: TypedSql): string {
  const sign = operator === '!=' ? '<>' : operator;
  const types = [left.type, right.type].filter((type) => type !== 'json' && type !== 'null');
  const [first, second] = types;
  if (first === undefined) {
    const each = (type: Type) => `${as(type, left)} ${sign} ${as(type, right)}`;
    return `COALESCE(${each('number')}, ${each('text')}, ${each('boolean')})`;
  }
  // Text beside a time is a time.
  const type = types.includes('timestamp') ? 'timestamp' : first;
  if (second !== undefined && second !== type && type !== 'timestamp')
    throw refuse('InvalidDataType', `A ${first} and a ${second} cannot be compared. CAST one of them.`);
  return `${as(type, left)} ${sign} ${as(type, right)}`;
}

/** Makes values alike: values of one type keep it, values of several types become JSON. */
export function alike(values: TypedSql[]): { type: Type; sqls: string[] } {
  const types = new Set(values.map(({ type }) => type).filter((type) => type !== 'null'));
  const [only] = types;
  if (types.size === 1) return { type: only!, sqls: values.map(({ sql, type }) => (type === 'null' ? 'NULL' : sql)) };
  if (types.size === 0) return { type: 'null', sqls: values.map(() => 'NULL') };
  return { type: 'json', sqls: values.map((value) => (value.type === 'null' ? 'NULL' : toJson(value))) };
}
