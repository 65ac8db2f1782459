import { calls, endsTerm, type JqToken, keywords, unbracketed } from './jq-tokens.js';

/**
 * Data Firehose runs jq 1.6, and this one runs 1.8. A query that works here must work on AWS, so this file makes 1.8
 * behave as 1.6 where it can. A test compares the two and lists the remaining differences.
 */

/**
 * As 1.6 had them: other types than text pass through the first two, and a number in text may have white space around
 * it.
 */
export const definitionsOf16 =
  'def ltrimstr($x): if type == "string" and ($x | type) == "string" and startswith($x) then .[($x | length):] else . end;' +
  'def rtrimstr($x): if type == "string" and ($x | type) == "string" and endswith($x) and ($x | length) > 0 then .[:length - ($x | length)] else . end;' +
  'def leaf_paths: paths(scalars);' +
  'def tonumber: if type == "string" then (. as $text | (try fromjson catch ("Cannot parse as a number: " + $text | error)) | ' +
  'if type == "number" then . + 0 else ($text + " cannot be parsed as a number" | error) end) ' +
  'elif type == "number" then . else (type + " cannot be parsed as a number" | error) end;\n';

const newerFunctions = new Set([
  'abs',
  'have_decnum',
  'have_literal_numbers',
  'ltrim',
  'pick',
  'rtrim',
  'skip',
  'toboolean',
  'trim',
  'trimstr',
]);
/** That 1.6 has without arguments. */
const newerWithArguments = new Set(['add', 'debug']);

/** What 1.6 does not compile and 1.8 does, or nothing. */
export function unknownTo16(tokens: readonly JqToken[]): string | undefined {
  for (const { name, next } of calls(tokens)) {
    if (newerFunctions.has(name)) return `${name} is not defined in jq 1.6`;
    if (newerWithArguments.has(name) && next === '(') return `${name} takes no argument in jq 1.6`;
  }
  const count = (word: string) => tokens.filter(({ text, isKey }) => text === word && !isKey).length;
  if (count('if') > count('else')) return 'an if needs an else in jq 1.6';
  const sign = unbracketed(tokens);
  if (sign !== undefined) return `${sign} in the value of an object needs brackets in jq 1.6: write {a: (.b // "x")}`;
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1]?.text;
    if (token.isKey && keywords.has(token.text) && next !== ':')
      return `${token.text} is no member in short in jq 1.6: write {"${token.text}": .["${token.text}"]}`;
    if (token.isKey && token.text === '$__loc__') return '$__loc__ is no member in jq 1.6';
    if (next === '.' && tokens[at + 2]?.text === '[' && endsTerm(token))
      return 'jq 1.6 has no dot before a bracket, as in .a.[0]: write .a[0]';
  }
  return undefined;
}

/**
 * A number that 1.8 keeps as it is written, in JSON: one with a fraction, an exponent or more than 15 digits, behind
 * what stands before a number. Most texts with such digits (times, addresses) do not match.
 */
const asWritten = /(?:^|[[,\s]|["\s]:)-?(?:\d{16}|\d+[.eE])/;

/**
 * A JSON text whose numbers are as 1.6 has them: 1.8 keeps `1.0` and `1E+2` as they are written, 1.6 makes 1 and 100 of
 * them. Only what may hold such a number is written anew.
 */
export function numbersOf16(text: Buffer): Buffer {
  if (!asWritten.test(text.toString('latin1'))) return text;
  try {
    return Buffer.from(`${JSON.stringify(JSON.parse(text.toString()))}\n`);
  } catch {
    // Nested too deep to be written, and for jq to be read: it says so.
    return text;
  }
}
