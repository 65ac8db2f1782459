// What a bench found: printed as it comes and, with `--json FILE`, written with its date, machine, Node version and command.
// bench/write-benchmarks.mjs makes docs/benchmarks.md out of such files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { dirname, isAbsolute, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './processes.mjs';

/** The options of a bench, with `--json FILE` beside them. `defaults`: each option's name and default, as text. */
export function readOptions(defaults, { positionals = [] } = {}) {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      { type: 'string', ...(value === undefined ? {} : { default: value }) },
    ]),
  );
  const parsed = parseArgs({
    options: { ...options, json: { type: 'string' } },
    allowPositionals: positionals.length > 0,
  });
  return {
    ...parsed.values,
    ...Object.fromEntries(positionals.map(([name, value], n) => [name, parsed.positionals[n] ?? value])),
  };
}

const machine = () => ({
  processors: availableParallelism(),
  model: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
  /** The mean of the last five minutes: above `processors`, other programs took part of them. */
  load: Math.round(loadavg()[1] * 10) / 10,
});

/** The command as it was typed, without `--json FILE`, and without where the project or another folder lies. */
function command() {
  const [node, script, ...args] = [
    ...(process.execArgv.length ? [`node ${process.execArgv.join(' ')}`] : ['node']),
    relative(root, process.argv[1]).replaceAll('\\', '/'),
    ...process.argv.slice(2),
  ];
  const at = args.findIndex((arg) => arg === '--json' || arg.startsWith('--json='));
  if (at >= 0) args.splice(at, args[at] === '--json' ? 2 : 1);
  return [node, script, ...args.map((arg) => (isAbsolute(arg) ? 'FOLDER' : arg))].join(' ');
}

/**
 * @param title what is measured, in a line
 * @param json the file for `--json`, or undefined
 * `figure` prints and keeps one figure: `what` was measured, its `value` (with its unit, where it has one), the `limit` that it should keep and
 * whether it does. A figure that misses its limit makes the exit code 1. `done` writes the file.
 */
export function openResult(title, json) {
  const date = new Date().toISOString().slice(0, 10);
  const figures = [];
  return {
    say: (text) => console.log(text),
    figure(what, value, limit, isGood = true) {
      figures.push({ what, value: String(value), ...(limit === undefined ? {} : { limit, ok: isGood }) });
      const mark = limit === undefined ? '    ' : isGood ? 'ok  ' : 'MISS';
      console.log(
        `${mark}  ${what.padEnd(72)} ${String(value).padStart(16)}${limit === undefined ? '' : `   (${limit})`}`,
      );
      if (!isGood) process.exitCode = 1;
    },
    done() {
      if (json === undefined) return;
      const result = {
        title,
        command: command(),
        date,
        node: process.version,
        machine: machine(),
        figures,
      };
      mkdirSync(dirname(json), { recursive: true });
      writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
    },
  };
}
