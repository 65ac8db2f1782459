import { type DuckDBConnection, StatementType } from '@duckdb/node-api';
import { queryError } from '../query-error.js';

const reading = [
  'select',
  'with',
  'from',
  'values',
  'table',
  'describe',
  'desc',
  'show',
  'summarize',
  'explain',
  'pivot',
  'unpivot',
];

/** The first word, past comments and opening brackets, in lower case. */
function firstWord(sql: string): string {
  const rest = sql.replace(/^(\s|\(|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)*/, '');
  return /^\w*/.exec(rest)![0].toLowerCase();
}

const onlyReads =
  'a query must be one statement that reads: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE, UNPIVOT, PIVOT with IN, or EXPLAIN of one of them';

/**
 * Refuses everything but one statement that reads: the sandbox protects the rest of the machine, and this protects the
 * lake itself.
 * @throws MillraceError `QUERY_REFUSED`; DuckDB's own error when it cannot parse or bind the SQL
 */
export async function checkStatement(connection: DuckDBConnection, sql: string): Promise<void> {
  const word = firstWord(sql);
  if (word === '') throw queryError('QUERY_REFUSED', `the query ${JSON.stringify(sql)} has no SQL: ${onlyReads}`);
  if (!reading.includes(word)) {
    // DuckDB explains a typing error such as SELCT better.
    await connection.extractStatements(sql);
    throw queryError('QUERY_REFUSED', `${word.toUpperCase()} is not allowed: ${onlyReads}`);
  }
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) {
    if (word === 'pivot') throw queryError('QUERY_REFUSED', 'PIVOT needs a list of its columns: PIVOT … ON … IN (…)');
    throw queryError('QUERY_REFUSED', `the query has ${statements.count} statements: ${onlyReads}`);
  }
  if (word === 'explain') {
    // EXPLAIN ANALYZE runs what it explains.
    const explained = /^\s*explain\s+(?:analyze\s+)?([\s\S]*)$/i.exec(sql)?.[1];
    if (explained === undefined || firstWord(explained) === 'explain') {
      throw queryError('QUERY_REFUSED', `EXPLAIN is not allowed in this form: ${onlyReads}`);
    }
    return checkStatement(connection, explained);
  }
  const prepared = await statements.prepare(0);
  const { statementType, parameterCount } = prepared;
  prepared.destroySync();
  if (statementType !== StatementType.SELECT) {
    throw queryError('QUERY_REFUSED', `${word.toUpperCase()} is not allowed in this form: ${onlyReads}`);
  }
  if (parameterCount > 0) throw queryError('QUERY_REFUSED', 'query parameters (? or $1) are not supported');
}
