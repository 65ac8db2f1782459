import { compile, type Filter } from './filter.js';
import { FilterError } from './jq-program.js';
import { createEngine } from './run/engine.js';
import { defaultLimits } from './run/limits.js';
import { pack, type Turn, type TurnOutcome } from './run/turn.js';

export { type Filter, FilterError };

/** Runs turns in this thread, one after the other. */
let run: ((turn: Turn) => Promise<TurnOutcome>) | undefined;

function runHere(): (turn: Turn) => Promise<TurnOutcome> {
  const bytes = Buffer.alloc(defaultLimits.outputBytes);
  const length = new Int32Array(1);
  const engine = createEngine(defaultLimits, { bytes, length });
  let before: Promise<unknown> = Promise.resolve();
  return ({ program, records }) => {
    const turn = before.then(async () => {
      const fault = await engine.run(program, pack(records));
      return { lines: bytes.toString('utf8', 0, Math.max(0, length[0]!)), fault };
    });
    before = turn.catch(() => undefined);
    return turn;
  };
}

/**
 * Compiles a filter as Data Firehose would run it (jq 1.8 made like 1.6) and runs it in this thread. Nothing bounds its
 * time here: the embedded Data Firehose runs filters in threads of their own.
 * @throws FilterError with jq's message when the filter does not compile, or uses what has no meaning here
 */
export function compileFilter(query: string): Promise<Filter> {
  run ??= runHere();
  return compile(query, defaultLimits, run);
}
