import { definitionsOf16, unknownTo16 } from './jq-1.6.js';
import { dateDefinitions } from './jq-dates.js';
import { calls, tokensOf } from './jq-tokens.js';

/** A query as jq gets it. */
export interface JqProgram {
  /** The query by itself, to compile only: brackets that balance only within the program around them are an error. */
  alone: string;
  /** Gives one line for each input: an array of the results, or `{"failure": …}`. */
  program: string;
}

/** Names that read past the current record or end the program: a filter sees one record at a time. */
const forbidden = new Set([
  ...['input', 'inputs', 'halt', 'halt_error', 'debug', 'stderr', 'input_line_number', 'input_filename'],
]);

/** Says what is wrong with a filter, in jq's words where they are jq's. */
export class FilterError extends Error {}

/** @throws FilterError when the query uses what has no meaning here, or what jq 1.6 has not */
export function programOf(query: string): JqProgram {
  const bare = withoutStrings(query);
  const tokens = tokensOf(bare);
  const meaningless = calls(tokens).find(({ name }) => forbidden.has(name));
  if (meaningless)
    throw new FilterError(`${meaningless.name} has no meaning in a query that sees one record at a time`);
  const unknown = unknownTo16(tokens);
  if (unknown) throw new FilterError(unknown);
  const definitions = definitionsOf16 + dateDefinitions(bare);
  return { alone: definitions + query, program: `${definitions}try [(\n${query}\n)] catch {failure: .}` };
}

/** The query with what its strings say left out, and its comments; code that is interpolated in a string stays. */
export function withoutStrings(query: string): string {
  let out = '';
  /** For each interpolation that is open: how many parentheses are open inside it. */
  const interpolations: number[] = [];
  let inString = false;
  for (let at = 0; at < query.length; at++) {
    const character = query[at]!;
    if (inString) {
      if (character === '"') {
        inString = false;
        out += '"';
      } else if (character === '\\' && query[++at] === '(') {
        interpolations.push(0);
        inString = false;
        out += '(';
      }
      continue;
    }
    if (character === '#') {
      while (at < query.length && query[at] !== '\n') at++;
      out += '\n';
      continue;
    }
    out += character;
    if (character === '"') inString = true;
    else if (character === '(' && interpolations.length > 0) interpolations[interpolations.length - 1]!++;
    else if (character === ')' && interpolations.length > 0 && interpolations[interpolations.length - 1]!-- === 0) {
      interpolations.pop();
      inString = true;
    }
  }
  return out;
}
