import type { Expression } from './syntax.js';
import type { TokenReader } from './token-reader.js';

type Parse = () => Expression;

/** What follows CAST: `(value AS DECIMAL(10,2))`. */
export function parseCast(tokens: TokenReader, expression: Parse): Expression {
  tokens.needSymbol('(');
  const of = expression();
  tokens.needWord('AS');
  const type = tokens.needName().toUpperCase();
  let size = '';
  if (tokens.takeSymbol('(')) {
    const numbers = expressions(tokens, expression);
    tokens.needSymbol(')');
    if (!numbers.every((number) => number.kind === 'number' && /^\d{1,2}$/.test(number.value)))
      throw tokens.unexpected('a whole number');
    size = `(${numbers.map((number) => (number as { value: string }).value).join(',')})`;
  }
  tokens.needSymbol(')');
  return { kind: 'cast', of, type: type + size };
}

/** What follows a function's name, which is in upper case: its arguments in brackets. */
export function parseCall(tokens: TokenReader, name: string, expression: Parse): Expression {
  tokens.needSymbol('(');
  const isEmpty = tokens.isSymbol(tokens.peek(), ')') || (name === 'COUNT' && tokens.takeSymbol('*') !== undefined);
  const call = isEmpty ? { args: [] } : parseArguments(tokens, name, expression);
  tokens.needSymbol(')');
  return { kind: 'call', name, ...call };
}

/** Most functions have a list of arguments; SQL gives some of them words of their own. */
function parseArguments(tokens: TokenReader, name: string, expression: Parse): { part?: string; args: Expression[] } {
  switch (name) {
    case 'EXTRACT': {
      const part = tokens.needName().toUpperCase();
      tokens.needWord('FROM');
      return { part, args: [expression()] };
    }
    case 'DATE_ADD':
    case 'DATE_DIFF': {
      const part = tokens.needName().toUpperCase();
      tokens.needSymbol(',');
      return { part, args: expressions(tokens, expression) };
    }
    case 'TRIM': {
      const part = tokens.takeWord('LEADING', 'TRAILING', 'BOTH') ?? 'BOTH';
      const first = tokens.isWord(tokens.peek(), 'FROM') ? undefined : expression();
      const from = tokens.takeWord('FROM') ? expression() : undefined;
      return { part, args: [from, first].filter((arg) => arg !== undefined) };
    }
    case 'SUBSTRING': {
      const args = [expression()];
      if (tokens.takeWord('FROM')) {
        args.push(expression());
        if (tokens.takeWord('FOR')) args.push(expression());
      } else while (tokens.takeSymbol(',')) args.push(expression());
      return { args };
    }
    default:
      return { args: expressions(tokens, expression) };
  }
}

function expressions(tokens: TokenReader, expression: Parse): Expression[] {
  const items = [expression()];
  while (tokens.takeSymbol(',')) items.push(expression());
  return items;
}
