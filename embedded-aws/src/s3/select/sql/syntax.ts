/**
 * S3 Select's SQL: one SELECT without joins, grouping, ordering or subqueries.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-select.html
 */
export interface SelectQuery {
  /** Undefined for `*`. */
  columns?: SelectColumn[];
  /** What follows `S3Object`: member names, positions, and `*` for each element. */
  from: (string | number | { each: true })[];
  where?: Expression;
  limit?: number;
}

/** One entry of the SELECT list; `name` is its alias. */
export interface SelectColumn {
  expression: Expression;
  name?: string;
}

/** An expression, by its outermost operation. */
export type Expression =
  | { kind: 'number' | 'text'; value: string }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'null' }
  | { kind: 'path'; steps: (string | number)[] }
  | { kind: 'not' | 'minus'; of: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'is'; of: Expression; what: 'null' | 'missing'; negated: boolean }
  | { kind: 'between'; of: Expression; low: Expression; high: Expression; negated: boolean }
  | { kind: 'in'; of: Expression; list: Expression[]; negated: boolean }
  | { kind: 'like'; of: Expression; pattern: Expression; escape?: Expression; negated: boolean }
  | { kind: 'case'; subject?: Expression; branches: { when: Expression; value: Expression }[]; otherwise?: Expression }
  | { kind: 'cast'; of: Expression; type: string }
  | CallExpression;

/** A function. `COUNT(*)` has no arguments; `part` is the first word of EXTRACT, DATE_ADD, DATE_DIFF and TRIM. */
export interface CallExpression {
  kind: 'call';
  name: string;
  part?: string;
  args: Expression[];
}
