import { type Jq, loadJq } from 'jq-wasm';
import { definitionsOf16, numbersOf16, unknownTo16 } from './jq-1.6.js';
import { dateDefinitions } from './jq-dates.js';
import type { QueryResult } from './jq-path.js';
import { calls, tokensOf } from './jq-tokens.js';

/**
 * Any jq filter, run by jq itself (1.8 compiled to WebAssembly; Firehose says JQ-1.6). A call costs a millisecond
 * whatever it does, so records go through it by the hundred, and each record's error is caught beside its neighbours'
 * results.
 */
export interface Filter {
  /** One result for each of `texts`, in order. A text must be valid JSON. */
  run(texts: readonly string[]): QueryResult[];
}

/** How many records go into one call, at most. */
export const maxFilterBatch = 500;

/** Names that read past the current record or end the program: they would mix up the records of a batch. */
const forbidden = new Set([
  ...['input', 'inputs', 'halt', 'halt_error', 'debug', 'stderr', 'input_line_number', 'input_filename'],
]);

/** jq says what is wrong with a filter as an Error's message. */
export class FilterError extends Error {}

let shared: Promise<Jq> | undefined;

/** @throws FilterError with jq's message when the filter does not compile, or uses what has no meaning here. */
export async function compileFilter(query: string): Promise<Filter> {
  shared ??= loadJq();
  const jq = await shared;
  const bare = withoutStrings(query);
  const tokens = tokensOf(bare);
  const meaningless = calls(tokens).find(({ name }) => forbidden.has(name));
  if (meaningless)
    throw new FilterError(`${meaningless.name} has no meaning in a query that sees one record at a time`);
  const unknown = unknownTo16(tokens);
  if (unknown) throw new FilterError(unknown);
  const definitions = definitionsOf16 + dateDefinitions(bare);
  const program = `${definitions}.[] | try [(\n${query}\n)] catch {failure: .}`;
  // Alone as well: brackets that balance only within the program around them are an error. No input: it compiles and
  // runs on nothing.
  for (const source of [definitions + query, program]) {
    const { exitCode, stderr } = called(jq, '', source);
    if (exitCode !== 0) throw new FilterError(firstLine(stderr));
  }

  function run(texts: readonly string[]): QueryResult[] {
    if (texts.length > maxFilterBatch)
      return [...run(texts.slice(0, maxFilterBatch)), ...run(texts.slice(maxFilterBatch))];
    if (texts.length === 0) return [];
    const { stdout, stderr, exitCode } = called(jq, `[${texts.map(numbersOf16).join(',')}]`, program);
    const lines = stdout === '' ? [] : stdout.split('\n');
    if (exitCode === 0 && lines.length === texts.length) return lines.map((line) => resultOf(JSON.parse(line)));
    // The whole call failed (as at a value nested too deep, or when a record takes all memory): find the record by
    // halves.
    if (texts.length === 1) return [{ failure: firstLine(stderr) || 'jq gave no result' }];
    const half = texts.length >> 1;
    return [...run(texts.slice(0, half)), ...run(texts.slice(half))];
  }
  return { run };
}

/** Runs jq. It throws when it has no more memory, and takes the next call all the same. */
function called(jq: Jq, text: string, program: string) {
  try {
    return jq.raw(text, program, ['-c']);
  } catch (error) {
    return { stdout: '', stderr: `jq has no more memory: ${(error as Error).message}`, exitCode: 1 };
  }
}

function resultOf(outcome: unknown[] | { failure: unknown }): QueryResult {
  if (!Array.isArray(outcome)) {
    const { failure } = outcome;
    return { failure: typeof failure === 'string' ? failure : `jq error: ${JSON.stringify(failure)}` };
  }
  if (outcome.length !== 1)
    return { failure: `The query gave ${outcome.length} results for the record instead of one` };
  const value = outcome[0];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { failure: 'The query gave no JSON object of partition keys' };
  return { values: value as Record<string, unknown> };
}

const firstLine = (text: string) => text.split('\n', 1)[0]!.replace(/^jq: error( \([^)]*\))?: /, '');

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

/**
 * The names of the keys that the query makes, where it is an object as a whole and all its keys are written out;
 * nothing when only running it would tell.
 */
export function writtenKeys(query: string): string[] | undefined {
  const source = query.trim();
  if (!source.startsWith('{') || !source.endsWith('}')) return undefined;
  const keys: string[] = [];
  let depth = 0;
  let expectKey = false;
  // Strings are kept here, as keys may be strings; one with an interpolation has no name before it is run.
  const token = /"(?:[^"\\]|\\.)*"|#[^\n]*|[A-Za-z_]\w*|\s+|./gs;
  for (const [text] of source.matchAll(token)) {
    if (/^(\s|#)/.test(text)) continue;
    if (expectKey) {
      expectKey = false;
      if (text === '}' && keys.length > 0) {
        depth--;
        continue;
      }
      const key = /^[A-Za-z_]/.test(text) ? text : /^"[^\\]*"$/.test(text) ? text.slice(1, -1) : undefined;
      if (key === undefined) return undefined;
      keys.push(key);
      continue;
    }
    if (/^[{[(]$/.test(text)) {
      if (depth === 0 && keys.length > 0) return undefined;
      depth++;
      expectKey = depth === 1;
    } else if (/^[}\])]$/.test(text)) depth--;
    else if (depth === 0) return undefined;
    else if (depth === 1 && text === ',') expectKey = true;
  }
  return [...new Set(keys)];
}
