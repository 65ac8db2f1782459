import { S3Error } from '../../errors.js';
import type { Expression } from './syntax.js';

/** What works on expressions calls itself for those within, here and in DuckDB, which takes a depth of 1,000. */
const maxHeight = 500;

/** 400 ParseUnsupportedSyntax. */
export const tooDeep = (): S3Error =>
  new S3Error('ParseUnsupportedSyntax', 'The SQL expression is nested too deep.', 400);

/** The expressions directly below a node. */
export const expressionsIn = (node: object): Expression[] =>
  Object.values(node)
    .flat()
    .flatMap((value) =>
      typeof value !== 'object' || value === null ? [] : 'kind' in value ? [value as Expression] : expressionsIn(value),
    );

/** Knows how high the trees of expressions are that it has seen, each after those below it. */
export function createHeights() {
  const heights = new WeakMap<Expression, number>();
  return {
    /** @throws S3Error ParseUnsupportedSyntax when it is nested too deep */
    checked(node: Expression): Expression {
      const height = 1 + expressionsIn(node).reduce((most, inner) => Math.max(most, heights.get(inner) ?? 1), 0);
      if (height > maxHeight) throw tooDeep();
      heights.set(node, height);
      return node;
    },
  };
}
