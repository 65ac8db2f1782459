import { S3Error } from '../../errors.js';
import { parseCall, parseCast } from './parse-call.js';
import type { Expression } from './syntax.js';
import type { TokenReader } from './token-reader.js';

/** How strongly NOT binds: its operand is everything up to AND and OR. */
const notStrength = 3;
/** A sign binds more strongly than any binary operator. */
const signStrength = 8;

/** An operand: a literal, a path, a function, or an expression behind a sign, behind NOT or in brackets. */
export function parseOperand(tokens: TokenReader, expression: (least?: number) => Expression): Expression {
  const token = tokens.peek();
  if (token.kind === 'number' || token.kind === 'text') {
    tokens.skip();
    return { kind: token.kind, value: token.text };
  }
  if (tokens.takeSymbol('-')) return { kind: 'minus', of: expression(signStrength) };
  if (tokens.takeSymbol('+')) return expression(signStrength);
  if (tokens.takeSymbol('(')) {
    if (tokens.isWord(tokens.peek(), 'SELECT'))
      throw new S3Error('ParseUnsupportedSelect', 'S3 Select has no subqueries.', 400);
    const inner = expression();
    tokens.needSymbol(')');
    return inner;
  }
  if (tokens.takeWord('NOT')) return { kind: 'not', of: expression(notStrength) };
  if (tokens.takeWord('CASE')) return parseCase(tokens, expression);
  if (tokens.takeWord('NULL')) return { kind: 'null' };
  const boolean = tokens.takeWord('TRUE', 'FALSE');
  if (boolean) return { kind: 'boolean', value: boolean === 'TRUE' };
  if (token.kind !== 'name' || tokens.isWord(token, 'SELECT', 'FROM', 'WHERE', 'LIMIT', 'AS', 'AND', 'OR'))
    throw tokens.unexpected('an expression');
  tokens.skip();
  if (token.quoted || !tokens.isSymbol(tokens.peek(), '(')) return parsePath(tokens, token.text);
  const name = token.text.toUpperCase();
  return name === 'CAST' ? parseCast(tokens, expression) : parseCall(tokens, name, expression);
}

/** What follows CASE, with its END. */
function parseCase(tokens: TokenReader, expression: () => Expression): Expression {
  const subject = tokens.isWord(tokens.peek(), 'WHEN') ? undefined : expression();
  const branches: { when: Expression; value: Expression }[] = [];
  while (tokens.takeWord('WHEN')) {
    const when = expression();
    tokens.needWord('THEN');
    branches.push({ when, value: expression() });
  }
  if (branches.length === 0) throw tokens.unexpected('WHEN');
  const otherwise = tokens.takeWord('ELSE') ? expression() : undefined;
  tokens.needWord('END');
  return { kind: 'case', branches, ...(subject ? { subject } : {}), ...(otherwise ? { otherwise } : {}) };
}

/** `first.name[0]…` */
function parsePath(tokens: TokenReader, first: string): Expression {
  const steps: (string | number)[] = [first];
  for (;;) {
    if (tokens.takeSymbol('.')) steps.push(tokens.needName());
    else if (tokens.takeSymbol('[')) {
      const position = tokens.needPosition();
      if (position === undefined)
        throw new S3Error('ParseUnsupportedSyntax', '[*] is allowed in the FROM clause only.', 400);
      steps.push(position);
    } else return { kind: 'path', steps };
  }
}
