import { createHeights, tooDeep } from './height.js';
import { parseOperand } from './parse-operand.js';
import type { Expression } from './syntax.js';
import type { TokenReader } from './token-reader.js';

/** Parses an expression whose operators bind at least as strongly as `least`; 0, any. */
export type ParseExpression = (least?: number) => Expression;

/** How strongly a binary operator binds. */
const strengths: Record<string, number> = {
  OR: 1,
  AND: 2,
  '=': 4,
  '<>': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '||': 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '%': 7,
};
const predicateStrength = 4;

const maxDepth = 200;

/** Operators whose operands may be grouped at will: many are a flat tree, not one as high as there are operands. */
const associative = ['OR', 'AND', '||'];

/** Operators and predicates, by precedence climbing. The operands between them may hold expressions again. */
export function createExpressionParser(tokens: TokenReader): ParseExpression {
  let depth = 0;
  const { checked } = createHeights();
  const joined = (operator: string, operands: Expression[]): Expression => {
    if (operands.length === 1) return operands[0]!;
    const half = operands.length >> 1;
    const [left, right] = [operands.slice(0, half), operands.slice(half)].map((some) => joined(operator, some));
    return checked({ kind: 'binary', operator, left: left!, right: right! });
  };
  const expression: ParseExpression = (least = 0) => {
    if (++depth > maxDepth) throw tooDeep();
    let left = checked(parseOperand(tokens, expression));
    for (;;) {
      const tested = least <= predicateStrength ? parsePredicate(tokens, left, expression) : undefined;
      if (tested) {
        left = checked(tested);
        continue;
      }
      const operator = operatorAt(tokens);
      const strength = strengths[operator];
      if (strength === undefined || strength < least) break;
      tokens.skip();
      const operands = [left, expression(strength + 1)];
      while (associative.includes(operator) && operatorAt(tokens) === operator) {
        tokens.skip();
        operands.push(expression(strength + 1));
      }
      left = joined(operator, operands);
    }
    depth--;
    return left;
  };
  return expression;
}

function operatorAt(tokens: TokenReader): string {
  const token = tokens.peek();
  if (token.kind === 'symbol') return token.text;
  return tokens.isWord(token, 'AND', 'OR') ? token.text.toUpperCase() : '';
}

/** IS, BETWEEN, IN or LIKE after an operand; undefined when none of them follows. */
function parsePredicate(tokens: TokenReader, of: Expression, expression: ParseExpression): Expression | undefined {
  if (tokens.takeWord('IS')) {
    const negated = tokens.takeWord('NOT') !== undefined;
    const what = tokens.takeWord('NULL', 'MISSING');
    if (what === undefined) throw tokens.unexpected('NULL or MISSING');
    return { kind: 'is', of, what: what === 'NULL' ? 'null' : 'missing', negated };
  }
  const negated = tokens.isWord(tokens.peek(), 'NOT') && tokens.isWord(tokens.peek(1), 'BETWEEN', 'IN', 'LIKE');
  if (negated) tokens.skip();
  // AND and ESCAPE are not operators of their bounds.
  const bound = () => expression(predicateStrength + 1);
  if (tokens.takeWord('BETWEEN')) {
    const low = bound();
    tokens.needWord('AND');
    return { kind: 'between', of, low, high: bound(), negated };
  }
  if (tokens.takeWord('IN')) {
    tokens.needSymbol('(');
    const list = [expression()];
    while (tokens.takeSymbol(',')) list.push(expression());
    tokens.needSymbol(')');
    return { kind: 'in', of, list, negated };
  }
  if (tokens.takeWord('LIKE')) {
    const pattern = bound();
    const escapedBy = tokens.takeWord('ESCAPE') ? bound() : undefined;
    return { kind: 'like', of, pattern, ...(escapedBy ? { escape: escapedBy } : {}), negated };
  }
  return undefined;
}
