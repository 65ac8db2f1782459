import { S3Error } from '../../errors.js';
import { type Token, tokensOf } from './tokens.js';

/** Reads tokens from left to right. Words are compared without case, and a quoted name is never a word. */
export interface TokenReader {
  /** The token `ahead` places after the next one; 0. */
  peek(ahead?: number): Token;
  skip(count?: number): void;
  isWord(token: Token, ...words: string[]): boolean;
  isSymbol(token: Token, ...symbols: string[]): boolean;
  /** Takes the next token if it is one of the words, which it returns in upper case. */
  takeWord(...words: string[]): string | undefined;
  takeSymbol(...symbols: string[]): string | undefined;
  /** @throws S3Error ParseUnexpectedToken when the next token is another */
  needWord(word: string): void;
  /** @throws S3Error ParseUnexpectedToken when the next token is another */
  needSymbol(symbol: string): void;
  /** @throws S3Error ParseUnexpectedToken when the next token is not a name */
  needName(): string;
  /** A whole number in brackets whose `[` was taken; undefined for `[*]`. @throws S3Error ParseUnexpectedToken */
  needPosition(): number | undefined;
  /** The error that `wanted` was expected here. */
  unexpected(wanted: string): S3Error;
}

/** @throws S3Error LexerInvalidChar */
export function readTokens(expression: string): TokenReader {
  const tokens = tokensOf(expression);
  let at = 0;
  const peek = (ahead = 0): Token => tokens[at + ahead] ?? tokens.at(-1)!;
  const isWord = (token: Token, ...words: string[]) =>
    token.kind === 'name' && !token.quoted && words.includes(token.text.toUpperCase());
  const isSymbol = (token: Token, ...symbols: string[]) => token.kind === 'symbol' && symbols.includes(token.text);
  const takeWord = (...words: string[]) => (isWord(peek(), ...words) ? tokens[at++]!.text.toUpperCase() : undefined);
  const takeSymbol = (...symbols: string[]) => (isSymbol(peek(), ...symbols) ? tokens[at++]!.text : undefined);
  const unexpected = (wanted: string): S3Error => {
    const { text, at: position } = peek();
    return new S3Error(
      'ParseUnexpectedToken',
      `Expected ${wanted} and found ${text === '' ? 'the end' : `"${text}"`} at position ${position + 1} of the SQL expression.`,
      400,
    );
  };
  const needSymbol = (symbol: string) => {
    if (takeSymbol(symbol) === undefined) throw unexpected(symbol);
  };
  return {
    peek,
    skip(count = 1) {
      at += count;
    },
    isWord,
    isSymbol,
    takeWord,
    takeSymbol,
    needWord(word) {
      if (takeWord(word) === undefined) throw unexpected(word);
    },
    needSymbol,
    needName() {
      const token = peek();
      if (token.kind !== 'name') throw unexpected('a name');
      at++;
      return token.text;
    },
    needPosition() {
      const token = peek();
      const isNumber = token.kind === 'number' && /^\d+$/.test(token.text);
      if (!isNumber && !isSymbol(token, '*')) throw unexpected('a position or * in brackets');
      at++;
      needSymbol(']');
      return isNumber ? Number(token.text) : undefined;
    },
    unexpected,
  };
}
