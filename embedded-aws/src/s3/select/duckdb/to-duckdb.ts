import { expressionsIn } from '../sql/height.js';
import type { Expression, SelectColumn, SelectQuery } from '../sql/syntax.js';
import { isAggregate } from './functions.js';
import { translateExpression } from './translate-expression.js';
import { as, pathSql, refuse, requireLength } from './typed-sql.js';

/** S3 Select's SQL as DuckDB's, over a relation `records(j)` of JSON values. */
export interface Translated {
  sql: string;
  /** Undefined for `*`: then each row is one JSON value. */
  columns?: OutputColumn[];
}

/** A column of the answer. */
export interface OutputColumn {
  name: string;
  /** It is a member: the output leaves it out where the record lacks it. A computed NULL is written. */
  mayBeMissing: boolean;
}

/** @throws S3Error for what S3 Select would refuse */
export function toDuckDb({ columns, from, where, limit }: SelectQuery): Translated {
  const source = fromSql(from);
  const filter = where ? ` WHERE ${as('boolean', translateExpression(where, false))}` : '';
  const bound = limit === undefined ? '' : ` LIMIT ${limit}`;
  if (!columns) return { sql: `SELECT j FROM ${source}${filter}${bound}` };
  const hasAggregate = columns.some(({ expression }) => holds(expression, isAggregateCall));
  if (hasAggregate && columns.some(({ expression }) => holds(expression, isPath, isAggregateCall)))
    throw refuse('UnsupportedSqlStructure', 'Members cannot be selected beside an aggregate: there is no GROUP BY.');
  const typed = columns.map(({ expression }) => translateExpression(expression, true));
  requireLength(typed.reduce((sum, { sql }) => sum + sql.length, 0));
  const list = typed.map(({ sql, type }, index) => `${type === 'json' ? sql : `to_json(${sql})`} AS c${index}`);
  return {
    sql: `SELECT ${list.join(', ')} FROM ${source}${filter}${bound}`,
    columns: columns.map((column, index) => ({
      name: nameOf(column, index),
      mayBeMissing: typed[index]!.type === 'json',
    })),
  };
}

/** Follows the path behind S3Object; each `[*]` makes the elements of an array records of their own. */
function fromSql(path: SelectQuery['from']): string {
  let from = 'records';
  let steps: (string | number)[] = [];
  const extract = () => {
    if (steps.length > 0) from = `(SELECT j FROM (SELECT ${pathSql(steps)} AS j FROM ${from}) WHERE j IS NOT NULL)`;
    steps = [];
  };
  for (const step of path) {
    if (typeof step !== 'object') steps.push(step);
    else {
      extract();
      from = `(SELECT unnest(s3_elements(j)) AS j FROM ${from})`;
    }
  }
  extract();
  return from;
}

const isPath = (node: Expression) => node.kind === 'path';
const isAggregateCall = (node: Expression) => node.kind === 'call' && isAggregate(node.name);

/** Whether an expression, or one within it, passes the test. Does not look into those that pass `except`. */
function holds(
  node: Expression,
  test: (node: Expression) => boolean,
  except: (node: Expression) => boolean = () => false,
): boolean {
  if (test(node)) return true;
  if (except(node)) return false;
  return expressionsIn(node).some((inner) => holds(inner, test, except));
}

/** `s.context.page` is named `page`; a computed column `_1`, `_2` …, by its place. */
function nameOf({ expression, name }: SelectColumn, index: number): string {
  if (name !== undefined) return name;
  const last = expression.kind === 'path' ? expression.steps.at(-1) : undefined;
  return typeof last === 'string' ? last : `_${index + 1}`;
}
