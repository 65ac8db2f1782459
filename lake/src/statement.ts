import { type DuckDBConnection, StatementType } from '@duckdb/node-api';
import { QueryError } from './query-error.js';

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
  'a query is one statement that reads: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE, UNPIVOT, PIVOT with IN, or EXPLAIN of one of them';

/**
 * Refuses everything but one statement that reads. The sandbox refuses the rest of the machine; this refuses writing to the lake itself.
 * @throws QueryError `refused`; DuckDB's own error when the SQL cannot be parsed or bound.
 */
export async function checkStatement(connection: DuckDBConnection, sql: string): Promise<void> {
  const word = firstWord(sql);
  if (word === '') throw new QueryError('refused', `there is no SQL in ${JSON.stringify(sql)}: ${onlyReads}`);
  if (!reading.includes(word)) {
    // A typing error such as SELCT is better explained by DuckDB.
    await connection.extractStatements(sql);
    throw new QueryError('refused', `${word.toUpperCase()} is refused: ${onlyReads}`);
  }
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) {
    if (word === 'pivot') throw new QueryError('refused', 'PIVOT needs to be told its columns: PIVOT … ON … IN (…)');
    throw new QueryError('refused', `there are ${statements.count} statements: ${onlyReads}`);
  }
  if (word === 'explain') {
    // EXPLAIN ANALYZE runs what it explains.
    const explained = /^\s*explain\s+(?:analyze\s+)?([\s\S]*)$/i.exec(sql)?.[1];
    if (explained === undefined || firstWord(explained) === 'explain') {
      throw new QueryError('refused', `EXPLAIN is refused in this form: ${onlyReads}`);
    }
    return checkStatement(connection, explained);
  }
  const prepared = await statements.prepare(0);
  const { statementType, parameterCount } = prepared;
  prepared.destroySync();
  if (statementType !== StatementType.SELECT) {
    throw new QueryError('refused', `${word.toUpperCase()} is refused in this form: ${onlyReads}`);
  }
  if (parameterCount > 0)
    throw new QueryError('refused', 'the query has parameters (? or $1), and nothing to fill them');
}
