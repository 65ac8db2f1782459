import type { CallExpression } from '../sql/syntax.js';
import { castTo } from './cast.js';
import { alike, as, compare, refuse, type Type, type TypedSql, toJson } from './typed-sql.js';

/** The arguments of a call. */
interface Arguments {
  values: TypedSql[];
  /** Of EXTRACT, DATE_ADD and DATE_DIFF: `day`. @throws S3Error ParseExpectedDatePart */
  datePart(): string;
  /** Of TRIM: LEADING, TRAILING or BOTH. */
  part: string | undefined;
}

interface SqlFunction {
  /** How many arguments it takes: at least, at most. */
  args: [least: number, most: number];
  translate(given: Arguments): TypedSql;
}

const number = (sql: string): TypedSql => ({ sql, type: 'number' });
const text = (sql: string): TypedSql => ({ sql, type: 'text' });
const timestamp = (sql: string): TypedSql => ({ sql, type: 'timestamp' });
const numberOf = (value: TypedSql | undefined) => as('number', value!);
const textOf = (value: TypedSql | undefined) => as('text', value!);
const timeOf = (value: TypedSql | undefined) => as('timestamp', value!);

const ofNumbers = (name: string): SqlFunction => ({
  args: [1, 1],
  translate: ({ values: [value] }) => number(`${name}(${numberOf(value)})`),
});
/** MAX and MIN are of times as well. */
const ofNumbersOrTimes = (name: string): SqlFunction => ({
  args: [1, 1],
  translate: ({ values: [value] }) =>
    value!.type === 'timestamp' ? timestamp(`${name}(${value!.sql})`) : number(`${name}(${numberOf(value)})`),
});
const ofText = (name: string, result: Type): SqlFunction => ({
  args: [1, 1],
  translate: ({ values: [value] }) => ({ sql: `${name}(${textOf(value)})`, type: result }),
});

const aggregates: Record<string, SqlFunction> = {
  COUNT: {
    args: [0, 1],
    translate: ({ values: [value] }) => number(value === undefined ? 'COUNT(*)' : `COUNT(${toJson(value)})`),
  },
  SUM: ofNumbers('SUM'),
  AVG: ofNumbers('AVG'),
  MAX: ofNumbersOrTimes('MAX'),
  MIN: ofNumbersOrTimes('MIN'),
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-sql-functions.html */
const functions: Record<string, SqlFunction> = {
  ...aggregates,
  COALESCE: {
    args: [1, 1000],
    translate({ values }) {
      const { type, sqls } = alike(values);
      return { sql: `COALESCE(${sqls.map((sql) => (type === 'json' ? `s3_value(${sql})` : sql)).join(', ')})`, type };
    },
  },
  NULLIF: {
    args: [2, 2],
    translate: ({ values: [value, other] }) => ({
      sql: `(CASE WHEN ${compare('=', value!, other!)} THEN NULL ELSE ${value!.sql} END)`,
      type: value!.type,
    }),
  },
  LOWER: ofText('LOWER', 'text'),
  UPPER: ofText('UPPER', 'text'),
  CHAR_LENGTH: ofText('LENGTH', 'number'),
  CHARACTER_LENGTH: ofText('LENGTH', 'number'),
  SUBSTRING: {
    args: [2, 3],
    translate({ values: [value, ...positions] }) {
      const bounds = positions.map((position) => `, CAST(${numberOf(position)} AS BIGINT)`).join('');
      return text(`SUBSTRING(${textOf(value)}${bounds})`);
    },
  },
  TRIM: {
    args: [1, 2],
    translate({ values: [value, characters], part }) {
      const trim = { LEADING: 'LTRIM', TRAILING: 'RTRIM', BOTH: 'TRIM' }[part!]!;
      return text(`${trim}(${textOf(value)}${characters ? `, ${textOf(characters)}` : ''})`);
    },
  },
  UTCNOW: { args: [0, 0], translate: () => timestamp('now()') },
  TO_TIMESTAMP: { args: [1, 1], translate: ({ values: [value] }) => castTo(value!, 'TIMESTAMP') },
  EXTRACT: {
    args: [1, 1],
    translate: ({ values: [time], datePart }) => number(`date_part('${datePart()}', ${timeOf(time)})`),
  },
  DATE_ADD: {
    args: [2, 2],
    translate: ({ values: [count, time], datePart }) =>
      timestamp(`(${timeOf(time)} + CAST(${numberOf(count)} AS BIGINT) * INTERVAL 1 ${datePart()})`),
  },
  DATE_DIFF: {
    args: [2, 2],
    translate: ({ values: [from, to], datePart }) =>
      number(`date_sub('${datePart()}', ${timeOf(from)}, ${timeOf(to)})`),
  },
  SIZE: { args: [1, 1], translate: ({ values: [value] }) => number(`json_array_length(${as('json', value!)})`) },
};

const dateParts = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'TIMEZONE_HOUR', 'TIMEZONE_MINUTE'];

/** Whether a function, in upper case, is of all rows and not of one. */
export const isAggregate = (name: string): boolean => Object.hasOwn(aggregates, name);

/**
 * A call with its translated arguments.
 * @throws S3Error UnsupportedFunction, EvaluatorInvalidArguments, ParseExpectedDatePart
 */
export function translateCall({ name, part }: CallExpression, values: TypedSql[]): TypedSql {
  if (!Object.hasOwn(functions, name))
    throw refuse('UnsupportedFunction', `The embedded S3 Select does not have the function ${name}.`);
  const { args, translate } = functions[name]!;
  const [least, most] = args;
  if (values.length < least || values.length > most) {
    const count = least === most ? least : `${least} to ${most}`;
    throw refuse('EvaluatorInvalidArguments', `${name} takes ${count} arguments.`);
  }
  const datePart = () => {
    if (!dateParts.includes(part!))
      throw refuse('ParseExpectedDatePart', `Invalid date part ${part}. Valid: ${dateParts.join(', ')}.`);
    return part!.toLowerCase();
  };
  return translate({ values, datePart, part });
}
