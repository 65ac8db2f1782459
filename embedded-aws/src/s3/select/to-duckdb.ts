import { text as quoted } from '@millrace/kit/sql-text';
import { S3Error } from '../errors.js';
import type { Expression, SelectQuery } from './parse.js';

/**
 * S3 Select's SQL as DuckDB's, over a relation `records(j)` of JSON values. Members have no declared types, so every path is JSON until
 * what is done with it says what it must be: `s.item_id > 20` compares numbers, `s.page = 'books'` compares text, and a value of another
 * type, or none at all, is neither equal nor unequal.
 */
export interface Translated {
  sql: string;
  /** Nothing for `*`: then each row is one JSON value. */
  columns?: OutputColumn[];
}

export interface OutputColumn {
  name: string;
  /** A JSON value that is not there at all is left out of the output; a NULL that was computed is written. */
  mayBeMissing: boolean;
}

type Type = 'json' | 'number' | 'text' | 'boolean' | 'timestamp' | 'null';
interface Typed {
  sql: string;
  type: Type;
}

/** Run before the engine is locked. What is no number gives NULL for one, and so on. */
export const macros = [
  `CREATE MACRO s3_number(x) AS CASE WHEN json_type(x) IN ('VARCHAR', 'BOOLEAN', 'NULL', 'OBJECT', 'ARRAY') THEN NULL ELSE TRY_CAST(x AS DOUBLE) END`,
  `CREATE MACRO s3_text(x) AS CASE WHEN json_type(x) = 'VARCHAR' THEN x->>'$' END`,
  `CREATE MACRO s3_boolean(x) AS CASE WHEN json_type(x) = 'BOOLEAN' THEN CAST(x AS BOOLEAN) END`,
  `CREATE MACRO s3_timestamp(x) AS CASE WHEN json_type(x) = 'VARCHAR' THEN TRY_CAST(x->>'$' AS TIMESTAMPTZ) END`,
  `CREATE MACRO s3_value(x) AS CASE WHEN json_type(x) = 'NULL' THEN NULL ELSE x END`,
  `CREATE MACRO s3_elements(x) AS CASE WHEN json_type(x) = 'ARRAY' THEN json_extract(x, '$[*]') ELSE [] END`,
];

const aggregates = new Set(['AVG', 'COUNT', 'MAX', 'MIN', 'SUM']);

const casts: Record<string, { sql: string; type: Type }> = {
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

const parts = new Set(['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'TIMEZONE_HOUR', 'TIMEZONE_MINUTE']);

const refuse = (code: string, message: string) => new S3Error(code, message, 400);

function as(type: Type, { sql, type: given }: Typed): string {
  if (given === type || given === 'null' || type === 'json') return given === 'null' ? 'NULL' : sql;
  if (given === 'json') return `s3_${type}(${sql})`;
  if (type === 'timestamp' && given === 'text') return `TRY_CAST(${sql} AS TIMESTAMPTZ)`;
  throw refuse('IncorrectSqlFunctionArgumentType', `A ${type} is needed, and a ${given} is given. CAST it.`);
}

/** As a JSON value, with NULL for a JSON null. */
const toJson = (value: Typed) => (value.type === 'json' ? `s3_value(${value.sql})` : `to_json(${value.sql})`);

/** JSON Pointer (RFC 6901); a number is an array's position. */
function pathSql(steps: readonly (string | number)[]): string {
  if (steps.length === 0) return 'j';
  const pointer = steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `json_extract(j, ${quoted(pointer)})`;
}

function compare(operator: string, left: Typed, right: Typed): string {
  const sign = operator === '!=' ? '<>' : operator;
  const types = [left.type, right.type].filter((type) => type !== 'json' && type !== 'null');
  const [first, second] = types;
  if (first === undefined) {
    const each = (type: Type) => `${as(type, left)} ${sign} ${as(type, right)}`;
    return `COALESCE(${each('number')}, ${each('text')}, ${each('boolean')})`;
  }
  // Text beside a time is a time; other types that differ are never equal, and CAST makes them alike.
  const type = types.includes('timestamp') ? 'timestamp' : first;
  if (second !== undefined && second !== type && type !== 'timestamp')
    throw refuse('InvalidDataType', `A ${first} and a ${second} cannot be compared. CAST one of them.`);
  return `${as(type, left)} ${sign} ${as(type, right)}`;
}

function translate(node: Expression, allowAggregates: boolean): Typed {
  const of = (inner: Expression) => translate(inner, allowAggregates);
  const not = (sql: string, negated: boolean): Typed => ({
    sql: negated ? `(NOT (${sql}))` : `(${sql})`,
    type: 'boolean',
  });
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
      return not(as('boolean', of(node.of)), true);
    case 'minus':
      return { sql: `(-(${as('number', of(node.of))}))`, type: 'number' };
    case 'is': {
      const value = of(node.of);
      // What is missing is null as well.
      const sql =
        node.what === 'missing'
          ? value.type === 'json'
            ? `${value.sql} IS NULL`
            : 'FALSE'
          : `${value.type === 'json' ? `s3_value(${value.sql})` : value.sql} IS NULL`;
      return not(sql, node.negated);
    }
    case 'between': {
      const value = of(node.of);
      return not(`${compare('>=', value, of(node.low))} AND ${compare('<=', value, of(node.high))}`, node.negated);
    }
    case 'in': {
      const value = of(node.of);
      return not(node.list.map((item) => compare('=', value, of(item))).join(' OR '), node.negated);
    }
    case 'like': {
      const escaped = node.escape ? ` ESCAPE ${as('text', of(node.escape))}` : '';
      return not(`${as('text', of(node.of))} LIKE ${as('text', of(node.pattern))}${escaped}`, node.negated);
    }
    case 'case': {
      const subject = node.subject && of(node.subject);
      const branches = node.branches.map(({ when, value }) => ({
        when: subject ? compare('=', subject, of(when)) : as('boolean', of(when)),
        value: of(value),
      }));
      const otherwise = node.otherwise ? of(node.otherwise) : ({ sql: 'NULL', type: 'null' } as Typed);
      const { type, sqls } = alike([...branches.map(({ value }) => value), otherwise]);
      const cases = branches.map(({ when }, index) => `WHEN ${when} THEN ${sqls[index]}`);
      return { sql: `(CASE ${cases.join(' ')} ELSE ${sqls.at(-1)} END)`, type };
    }
    case 'cast':
      return castOf(of(node.of), node.type);
    case 'binary': {
      const left = of(node.left);
      const right = of(node.right);
      const { operator } = node;
      if (operator === 'AND' || operator === 'OR')
        return { sql: `(${as('boolean', left)} ${operator} ${as('boolean', right)})`, type: 'boolean' };
      if (operator === '||') return { sql: `(${as('text', left)} || ${as('text', right)})`, type: 'text' };
      if ('+-*/%'.includes(operator))
        return { sql: `(${as('number', left)} ${operator} ${as('number', right)})`, type: 'number' };
      return { sql: `(${compare(operator, left, right)})`, type: 'boolean' };
    }
    case 'call':
      if (aggregates.has(node.name) && !allowAggregates)
        throw refuse(
          'ParseUnsupportedSyntax',
          `${node.name} is for the SELECT list only, and not inside another aggregate.`,
        );
      return callOf(node);
  }
}

/** Values of one type stay what they are; of several they become JSON. */
function alike(values: Typed[]): { type: Type; sqls: string[] } {
  const types = new Set(values.map(({ type }) => type).filter((type) => type !== 'null'));
  const [only] = types;
  if (types.size === 1) return { type: only!, sqls: values.map(({ sql, type }) => (type === 'null' ? 'NULL' : sql)) };
  if (types.size === 0) return { type: 'null', sqls: values.map(() => 'NULL') };
  return { type: 'json', sqls: values.map((value) => (value.type === 'null' ? 'NULL' : toJson(value))) };
}

function castOf({ sql, type }: Typed, target: string): Typed {
  const [, name, size = ''] = /^(\w+)(\(.*\))?$/.exec(target) ?? [];
  const cast = casts[name ?? ''];
  if (!cast) throw refuse('InvalidCast', `CAST to ${target} is not known: ${Object.keys(casts).join(', ')} are.`);
  const sized = cast.sql === 'DECIMAL' ? `DECIMAL${size || '(38,10)'}` : cast.sql;
  return { sql: `CAST(${type === 'json' ? `(${sql}->>'$')` : sql} AS ${sized})`, type: cast.type };
}

function callOf({ name, part, args }: Extract<Expression, { kind: 'call' }>): Typed {
  const inner = args.map((arg) => translate(arg, false));
  const need = (least: number, most = least) => {
    if (args.length < least || args.length > most)
      throw refuse(
        'EvaluatorInvalidArguments',
        `${name} takes ${least === most ? least : `${least} to ${most}`} arguments.`,
      );
  };
  const partName = () => {
    if (!parts.has(part!))
      throw refuse('ParseExpectedDatePart', `${part} is no part of a time: ${[...parts].join(', ')} are.`);
    return part!.toLowerCase();
  };
  const text = (index: number) => as('text', inner[index]!);
  const number = (index: number) => as('number', inner[index]!);
  const time = (index: number) => as('timestamp', inner[index]!);
  switch (name) {
    case 'COUNT':
      need(0, 1);
      return { sql: args.length === 0 ? 'COUNT(*)' : `COUNT(${toJson(inner[0]!)})`, type: 'number' };
    case 'SUM':
    case 'AVG':
    case 'MAX':
    case 'MIN':
      need(1);
      if (inner[0]!.type === 'timestamp' && (name === 'MAX' || name === 'MIN'))
        return { sql: `${name}(${inner[0]!.sql})`, type: 'timestamp' };
      return { sql: `${name}(${number(0)})`, type: 'number' };
    case 'COALESCE': {
      need(1, 1000);
      const { type, sqls } = alike(inner);
      return { sql: `COALESCE(${sqls.map((sql) => (type === 'json' ? `s3_value(${sql})` : sql)).join(', ')})`, type };
    }
    case 'NULLIF':
      need(2);
      return {
        sql: `(CASE WHEN ${compare('=', inner[0]!, inner[1]!)} THEN NULL ELSE ${inner[0]!.sql} END)`,
        type: inner[0]!.type,
      };
    case 'LOWER':
    case 'UPPER':
      need(1);
      return { sql: `${name}(${text(0)})`, type: 'text' };
    case 'CHAR_LENGTH':
    case 'CHARACTER_LENGTH':
      need(1);
      return { sql: `LENGTH(${text(0)})`, type: 'number' };
    case 'SUBSTRING':
      need(2, 3);
      return {
        sql: `SUBSTRING(${text(0)}, CAST(${number(1)} AS BIGINT)${args[2] ? `, CAST(${number(2)} AS BIGINT)` : ''})`,
        type: 'text',
      };
    case 'TRIM': {
      need(1, 2);
      const trim = { LEADING: 'LTRIM', TRAILING: 'RTRIM', BOTH: 'TRIM' }[part!]!;
      return { sql: `${trim}(${text(0)}${args[1] ? `, ${text(1)}` : ''})`, type: 'text' };
    }
    case 'UTCNOW':
      need(0);
      return { sql: 'now()', type: 'timestamp' };
    case 'TO_TIMESTAMP':
      need(1);
      return castOf(inner[0]!, 'TIMESTAMP');
    case 'EXTRACT':
      return { sql: `date_part('${partName()}', ${time(0)})`, type: 'number' };
    case 'DATE_ADD':
      need(2);
      return { sql: `(${time(1)} + CAST(${number(0)} AS BIGINT) * INTERVAL 1 ${partName()})`, type: 'timestamp' };
    case 'DATE_DIFF':
      need(2);
      return { sql: `date_sub('${partName()}', ${time(0)}, ${time(1)})`, type: 'number' };
    case 'SIZE':
      need(1);
      return { sql: `json_array_length(${as('json', inner[0]!)})`, type: 'number' };
    default:
      throw refuse('UnsupportedFunction', `S3 Select's function ${name} is not known here.`);
  }
}

function isAggregate(node: Expression): boolean {
  if (node.kind === 'call' && aggregates.has(node.name)) return true;
  return Object.values(node).some((value) =>
    (Array.isArray(value) ? value : [value]).some(
      (item) => typeof item === 'object' && item !== null && 'kind' in item && isAggregate(item as Expression),
    ),
  );
}

const hasPath = (node: Expression): boolean =>
  node.kind === 'path' ||
  (!(node.kind === 'call' && aggregates.has(node.name)) &&
    Object.values(node).some((value) =>
      (Array.isArray(value) ? value : [value]).some(
        (item) => typeof item === 'object' && item !== null && 'kind' in item && hasPath(item as Expression),
      ),
    ));

/** `s.context.page` is called `page`, what is computed `_1`, `_2` …, by its place. */
function nameOf({ expression, name }: { expression: Expression; name?: string }, index: number): string {
  if (name !== undefined) return name;
  const last = expression.kind === 'path' ? expression.steps.at(-1) : undefined;
  return typeof last === 'string' ? last : `_${index + 1}`;
}

/** @throws S3Error for what S3 Select would refuse */
export function toDuckDb(query: SelectQuery): Translated {
  let from = 'records';
  let steps: (string | number)[] = [];
  const extract = () => {
    if (steps.length > 0) from = `(SELECT j FROM (SELECT ${pathSql(steps)} AS j FROM ${from}) WHERE j IS NOT NULL)`;
    steps = [];
  };
  for (const step of query.from) {
    if (typeof step !== 'object') steps.push(step);
    else {
      extract();
      from = `(SELECT unnest(s3_elements(j)) AS j FROM ${from})`;
    }
  }
  extract();
  const where = query.where ? ` WHERE ${as('boolean', translate(query.where, false))}` : '';
  const limit = query.limit === undefined ? '' : ` LIMIT ${query.limit}`;
  const { columns } = query;
  if (!columns) return { sql: `SELECT j FROM ${from}${where}${limit}` };
  const isGrouped = columns.some(({ expression }) => isAggregate(expression));
  if (isGrouped && columns.some(({ expression }) => hasPath(expression)))
    throw refuse('UnsupportedSqlStructure', 'Members cannot be selected beside an aggregate: there is no GROUP BY.');
  const typed = columns.map(({ expression }) => translate(expression, true));
  const list = typed.map(({ sql, type }, index) => `${type === 'json' ? sql : `to_json(${sql})`} AS c${index}`);
  return {
    sql: `SELECT ${list.join(', ')} FROM ${from}${where}${limit}`,
    columns: columns.map((column, index) => ({
      name: nameOf(column, index),
      mayBeMissing: typed[index]!.type === 'json',
    })),
  };
}
