import type { QueryResult } from './jq-path.js';
import { FilterError, programOf } from './jq-program.js';
import { mostInARow } from './run/limits.js';
import type { JqPool } from './run/pool.js';
import type { Fault, Turn, TurnOutcome } from './run/turn.js';

/** Any jq filter, compiled. */
export interface Filter {
  /**
   * One result for each of `records`, in order: a record that jq does not get through, within the limits, is a failure
   * of its own. Each must be valid JSON.
   * @throws when `signal` aborts, or jq cannot be run at all
   */
  run(records: readonly Buffer[], signal?: AbortSignal): Promise<QueryResult[]>;
  /** What is to be said of a filter that is taken although no record may ever get through it. */
  warning?: string;
}

/** Runs a turn, wherever that is. */
type Run = (turn: Turn, signal?: AbortSignal) => Promise<TurnOutcome>;

/** Compiles a filter in the pool's threads, which run it. @throws FilterError when jq does not compile it */
export function compileFilter(pool: JqPool, query: string): Promise<Filter> {
  const filter = {};
  return compile(query, pool.limits, (turn, signal) => pool.run(filter, turn, signal));
}

/**
 * Compiles a filter and runs it on an empty record. A filter is refused only if jq says that it does not compile: AWS
 * takes those that never end.
 * @throws FilterError
 */
export async function compile(
  query: string,
  { recordMs, hurriedMs }: { recordMs: number; hurriedMs: number },
  run: Run,
): Promise<Filter> {
  const { alone, program } = programOf(query);
  let warning: string | undefined;
  for (const turn of [
    { program: alone, records: [], recordMs },
    { program, records: [Buffer.from('{}')], recordMs },
  ]) {
    const { fault } = await run(turn);
    if (fault?.kind === 'refused') throw new FilterError(fault.message);
    if (fault) warning ??= warn(fault);
  }
  return { run: runner(program, { recordMs, hurriedMs }, run), ...(warning === undefined ? {} : { warning }) };
}

function runner(program: string, limits: { recordMs: number; hurriedMs: number }, run: Run): Filter['run'] {
  /** Records in a row that took too long. */
  let inARow = 0;
  return async (records, signal) => {
    const results: QueryResult[] = [];
    while (results.length < records.length) {
      const { lines, fault } = await run(
        {
          program,
          records: records.slice(results.length),
          recordMs: inARow < mostInARow ? limits.recordMs : limits.hurriedMs,
        },
        signal,
      );
      const found = JSON.parse(`[${lines.slice(0, -1).replaceAll('\n', ',')}]`) as Parameters<typeof resultOf>[0][];
      for (const outcome of found) results.push(resultOf(outcome));
      if (found.length > 0) inARow = 0;
      if (fault?.kind === 'compile' || fault?.kind === 'refused') {
        while (results.length < records.length) results.push({ failure: told(fault) });
      } else if (fault?.kind === 'time' || fault?.kind === 'jq' || (fault && found.length === 0)) {
        results.push({ failure: told(fault) });
        if (fault.kind === 'time') inARow++;
      }
    }
    return results;
  };
}

const warn = (fault: Fault): string =>
  fault.kind === 'compile'
    ? `${told(fault)}: all records go to the error prefix`
    : `${told(fault)}, which was an empty one: such records go to the error prefix`;

/** jq's own words, or what the query did. */
const told = ({ kind, message }: Fault): string =>
  kind === 'jq' || kind === 'refused' ? message : `The query ${message}`;

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
