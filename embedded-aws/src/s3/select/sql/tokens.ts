import { S3Error } from '../../errors.js';

/** A token of an S3 Select expression; `at` is its position, from 0. */
export type Token =
  | { kind: 'name'; text: string; quoted: boolean; at: number }
  | { kind: 'number'; text: string; at: number }
  | { kind: 'text'; text: string; at: number }
  | { kind: 'symbol'; text: string; at: number }
  | { kind: 'end'; text: ''; at: number };

const pattern =
  /\s+|--[^\n]*|([A-Za-z_$][\w$]*)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(<>|<=|>=|!=|\|\||[-+*/%=<>(),.[\]])/y;

/**
 * Splits an expression into tokens, without spaces and comments; the last one is `end`.
 * @throws S3Error LexerInvalidChar
 */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < expression.length) {
    const at = pattern.lastIndex;
    const isComment = expression.startsWith('/*', at);
    const end = isComment ? expression.indexOf('*/', at + 2) : -1;
    if (end !== -1) {
      pattern.lastIndex = end + 2;
      continue;
    }
    // A comment without an end: looking for it from each of many would take time without bounds.
    const match = isComment ? null : pattern.exec(expression);
    if (!match)
      throw new S3Error(
        'LexerInvalidChar',
        `The SQL expression contains an invalid character at position ${at + 1}: ${expression.slice(at, at + 10)}`,
        400,
      );
    const [, name, quoted, text, number, symbol] = match;
    if (name !== undefined) tokens.push({ kind: 'name', text: name, quoted: false, at });
    else if (quoted !== undefined) tokens.push({ kind: 'name', text: quoted.replaceAll('""', '"'), quoted: true, at });
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'"), at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at });
  }
  tokens.push({ kind: 'end', text: '', at: expression.length });
  return tokens;
}
