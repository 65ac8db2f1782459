import { randomBytes } from 'node:crypto';
import { compileTimePattern, type TimeFormat, TimePatternError, TimePatternNotSupported } from './java-time-format.js';

/**
 * The expressions in `Prefix` and `ErrorOutputPrefix`:
 * `page=!{partitionKeyFromQuery:page}/dt=!{timestamp:yyyy-MM-dd}/`.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export type PrefixPart =
  | { kind: 'literal'; text: string }
  | { kind: 'key'; from: 'query' | 'lambda'; name: string }
  | { kind: 'timestamp'; format: TimeFormat }
  | { kind: 'random' }
  | { kind: 'errorType' };

/** A parsed prefix: its parts in order. */
export type Prefix = PrefixPart[];

/** Firehose refuses the expression, with this message. */
export class PrefixError extends Error {}
/** Firehose takes the expression, but the embedded one does not support it. */
export class PrefixNotSupported extends Error {}

/** In characters, once evaluated. */
export const maxEvaluatedPrefix = 512;

/**
 * @param zone of `!{timestamp:…}`
 * @throws PrefixError with Firehose's message, PrefixNotSupported
 */
export function parsePrefix(source: string, zone = 'UTC'): Prefix {
  const parts: Prefix = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('!{', at);
    if (open !== at) parts.push({ kind: 'literal', text: source.slice(at, open === -1 ? undefined : open) });
    if (open === -1) break;
    const close = source.indexOf('}', open);
    const colon = source.indexOf(':', open);
    if (close === -1 || colon === -1 || colon > close) throw new PrefixError('Invalid expression usage');
    parts.push(parseExpression(source.slice(open + 2, colon), source.slice(colon + 1, close), zone));
    at = close + 1;
  }
  return parts;
}

function parseExpression(namespace: string, value: string, zone: string): PrefixPart {
  if (value === '') throw new PrefixError('Invalid expression usage');
  switch (namespace) {
    case 'partitionKeyFromQuery':
      return { kind: 'key', from: 'query', name: value };
    case 'partitionKeyFromLambda':
      return { kind: 'key', from: 'lambda', name: value };
    case 'timestamp':
      return { kind: 'timestamp', format: timeFormat(value, zone) };
    case 'firehose':
      if (value === 'random-string') return { kind: 'random' };
      if (value === 'error-output-type') return { kind: 'errorType' };
      throw new PrefixError('Invalid expression usage');
    default:
      throw new PrefixError(`Namespace to the left of colon (${namespace}) is an invalid keyword!`);
  }
}

function timeFormat(pattern: string, zone: string): TimeFormat {
  try {
    return compileTimePattern(pattern, zone);
  } catch (error) {
    if (error instanceof TimePatternNotSupported)
      throw new PrefixNotSupported(
        `!{timestamp:${pattern}} uses "${error.message}"; supported are y, M, d, D, E, a, H, k, K, h, m, s, Z, quoted text and punctuation`,
      );
    if (error instanceof TimePatternError)
      throw new PrefixError('Invalid conversion character used in the value of the expression in Prefix');
    throw error;
  }
}

/** The names of the keys it takes from the query (or from a Lambda function), once each. */
export const keysOf = (prefix: Prefix, from: 'query' | 'lambda'): string[] => [
  ...new Set(prefix.flatMap((part) => (part.kind === 'key' && part.from === from ? [part.name] : []))),
];

/** Whether the prefix has any `!{…}`. */
export const hasExpressions = (prefix: Prefix): boolean => prefix.some((part) => part.kind !== 'literal');

/**
 * Without any expression Firehose appends the hour, and no slash before it: `legacy` becomes `legacy2026/07/13/14/`.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export const withDefaultTime = (prefix: Prefix, zone = 'UTC'): Prefix =>
  hasExpressions(prefix)
    ? prefix
    : [...prefix, { kind: 'timestamp', format: compileTimePattern('yyyy/MM/dd/HH/', zone) }];

/** What a prefix is evaluated with. */
export interface PrefixValues {
  /** The value of a partition key. */
  key: (name: string, from: 'query' | 'lambda') => string;
  /** Arrival of the oldest record, in milliseconds since 1970. */
  arrivalMs: number;
  errorType?: string;
  /** A new text for each `!{firehose:random-string}`. */
  random: () => string;
}

/** The prefix as text. */
export function evaluatePrefix(prefix: Prefix, values: PrefixValues): string {
  let text = '';
  for (const part of prefix) {
    switch (part.kind) {
      case 'literal':
        text += part.text;
        break;
      case 'key':
        text += values.key(part.name, part.from);
        break;
      case 'timestamp':
        text += part.format(values.arrivalMs);
        break;
      case 'random':
        text += values.random();
        break;
      case 'errorType':
        text += values.errorType ?? '';
    }
  }
  return text;
}

/** `!{firehose:random-string}` is 11 letters and digits. */
export function randomString(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from(randomBytes(11), (byte) => alphabet[byte % alphabet.length]).join('');
}

const namespaces = ['partitionKeyFromQuery', 'partitionKeyFromLambda', 'timestamp', 'firehose'];

/**
 * What a refused prefix was probably meant to be: `page= !{partitionkeyFromQuery: page}/`, from a well-known
 * walkthrough, has the wrong case and spaces. Nothing when neither is wrong.
 */
export function suggestPrefix(source: string): string | undefined {
  const suggested = source.replace(/(=\s+)?!\{([^:}]*):([^}]*)\}/g, (_, equals, namespace: string, value: string) => {
    const meant = namespaces.find((name) => name.toLowerCase() === namespace.trim().toLowerCase());
    return `${equals ? '=' : ''}!{${meant ?? namespace}:${meant === 'timestamp' ? value : value.trim()}}`;
  });
  return suggested === source ? undefined : suggested;
}
