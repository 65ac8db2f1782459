import { text as quoted } from '@millrace/kit/sql-text';
import type { Expression } from '../sql/syntax.js';
import { castTo } from './cast.js';
import { isAggregate, translateCall } from './functions.js';
import { alike, as, compare, pathSql, refuse, requireLength, type TypedSql } from './typed-sql.js';

type Of<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;
type Translate = (inner: Expression) => TypedSql;

/**
 * An expression as DuckDB's SQL over a record `j`. Members have no declared types, so a path is JSON until its use says
 * what it must be: `s.item_id > 20` compares numbers, `s.page = 'books'` compares text. A value of another type, or
 * none, is neither equal nor unequal.
 * @param allowAggregates whether it may be, or hold, an aggregate that is not within another
 * @throws S3Error with S3's code
 */
export function translateExpression(node: Expression, allowAggregates: boolean): TypedSql {
  const translated = translate(node, allowAggregates);
  requireLength(translated.sql.length);
  return translated;
}

function translate(node: Expression, allowAggregates: boolean): TypedSql {
  const of: Translate = (inner) => translateExpression(inner, allowAggregates);
  switch (node.kind) {
    case 'number':
      return { sql: node.value, type: 'number' };
    case 'text':
      return { sql: quoted(node.value), type: 'text' };
    case 'boolean':
      return { sql: node.value ? 'TRUE' : 'FALSE', type: 'boolean' };
    case 'null':
      return { sql: 'NULL', type: 'null' };
    case 'path':
      return { sql: pathSql(node.steps), type: 'json' };
    case 'not':
      return condition(as('boolean', of(node.of)), true);
    case 'minus':
      return { sql: `(-(${as('number', of(node.of))}))`, type: 'number' };
    case 'is':
      return condition(isSql(node.what, of(node.of)), node.negated);
    case 'between': {
      const value = of(node.of);
      const within = `${compare('>=', value, of(node.low))} AND ${compare('<=', value, of(node.high))}`;
      return condition(within, node.negated);
    }
    case 'in': {
      const value = of(node.of);
      return condition(isIn(value, node.list.map(of)), node.negated);
    }
    case 'like': {
      const escaped = node.escape ? ` ESCAPE ${as('text', of(node.escape))}` : '';
      return condition(`${as('text', of(node.of))} LIKE ${as('text', of(node.pattern))}${escaped}`, node.negated);
    }
    case 'case':
      return translateCase(node, of);
    case 'cast':
      return castTo(of(node.of), node.type);
    case 'binary':
      return translateBinary(node.operator, of(node.left), of(node.right));
    case 'call': {
      if (isAggregate(node.name) && !allowAggregates)
        throw refuse(
          'ParseUnsupportedSyntax',
          `${node.name} is allowed in the SELECT list only, and not inside another aggregate.`,
        );
      const args = node.args.map((arg) => translateExpression(arg, false));
      return translateCall(node, args);
    }
  }
}

/** Many items of one type are one list: a comparison with each takes DuckDB far longer. */
function isIn(value: TypedSql, items: TypedSql[]): string {
  const { type } = items[0]!;
  const isList = type !== 'json' && type !== 'null' && items.every((item) => item.type === type);
  if (isList && (value.type === type || value.type === 'json'))
    return `${as(type, value)} IN (${items.map(({ sql }) => sql).join(', ')})`;
  requireLength(value.sql.length * items.length);
  return items.map((item) => compare('=', value, item)).join(' OR ');
}

const condition = (sql: string, negated: boolean): TypedSql => ({
  sql: negated ? `(NOT (${sql}))` : `(${sql})`,
  type: 'boolean',
});

/** A member that is missing is null as well. */
function isSql(what: 'null' | 'missing', { sql, type }: TypedSql): string {
  if (what === 'missing') return type === 'json' ? `${sql} IS NULL` : 'FALSE';
  return `${type === 'json' ? `s3_value(${sql})` : sql} IS NULL`;
}

function translateCase(node: Of<'case'>, of: Translate): TypedSql {
  const subject = node.subject && of(node.subject);
  const branches = node.branches.map(({ when, value }) => ({
    when: subject ? compare('=', subject, of(when)) : as('boolean', of(when)),
    value: of(value),
  }));
  const otherwise: TypedSql = node.otherwise ? of(node.otherwise) : { sql: 'NULL', type: 'null' };
  const { type, sqls } = alike([...branches.map(({ value }) => value), otherwise]);
  const cases = branches.map(({ when }, index) => `WHEN ${when} THEN ${sqls[index]}`);
  return { sql: `(CASE ${cases.join(' ')} ELSE ${sqls.at(-1)} END)`, type };
}

function translateBinary(operator: string, left: TypedSql, right: TypedSql): TypedSql {
  if (operator === 'AND' || operator === 'OR')
    return { sql: `(${as('boolean', left)} ${operator} ${as('boolean', right)})`, type: 'boolean' };
  if (operator === '||') return { sql: `(${as('text', left)} || ${as('text', right)})`, type: 'text' };
  if ('+-*/%'.includes(operator))
    return { sql: `(${as('number', left)} ${operator} ${as('number', right)})`, type: 'number' };
  return { sql: `(${compare(operator, left, right)})`, type: 'boolean' };
}
