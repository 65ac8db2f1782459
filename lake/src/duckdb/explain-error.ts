import type { MillraceError } from '@millrace/kit/millrace-error';
import { queryError } from '../query-error.js';
import { messageOf } from './damage.js';
import { viewNames } from './views.js';

/** DuckDB's message, caret included, with a hint where we know more than DuckDB. `columnsOf` gives a view's columns. */
export async function explainSqlError(
  error: unknown,
  sql: string,
  columnsOf: (view: string) => Promise<string[]>,
): Promise<MillraceError> {
  const message = messageOf(error)
    .trim()
    .replace(/^Failed to extract statements: /, '');
  if (/^Out of Memory Error/.test(message)) {
    return queryError(
      'QUERY_STOPPED',
      `${message.split('\n')[0]}\nHint: filter by page and event, or select fewer columns.`,
      {
        cause: error,
      },
    );
  }
  const hint = await hintFor(message, sql, columnsOf);
  return queryError('QUERY_FAILED', hint ? `${message}\n\nHint: ${hint}` : message, { cause: error });
}

async function hintFor(
  message: string,
  sql: string,
  columnsOf: (view: string) => Promise<string[]>,
): Promise<string | undefined> {
  if (/Table with name .* does not exist/.test(message)) {
    return `the lake has ${viewNames.join(', ')}.`;
  }
  if (/Referenced column .* not found|does not have a column named/.test(message)) {
    // DuckDB shows the line with the table's name, but its candidates are only the nearest few.
    const views = viewNames.filter((view) => new RegExp(`\\b${view}\\b`).test(message));
    const view = views.length === 1 ? views[0]! : 'events';
    const missing = /column "([^"]+)" not found/.exec(message)?.[1];
    const quotes = sql.includes(`"${missing}"`) ? ` Text goes in single quotes: '${missing}'.` : '';
    return `${view} has ${(await columnsOf(view)).join(', ')}.${quotes}`;
  }
  if (/file system operations are disabled|Loading external extensions is disabled/.test(message)) {
    return 'a query can read the lake and nothing else.';
  }
  return undefined;
}
