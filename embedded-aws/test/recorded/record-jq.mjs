// Records what jq 1.6 gives for every filter and input of jq-filters.mjs, into jq-1.6.json: node infra-scripts/test/recorded/record-jq.mjs
// Needs jq 1.6 itself (Debian 12's); another version is refused.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { filters, inputs } from './jq-filters.mjs';

const version = spawnSync('jq', ['--version'], { encoding: 'utf8' }).stdout?.trim();
if (version !== 'jq-1.6') throw new Error(`This records jq 1.6, and here is ${version ?? 'no jq'}.`);

const env = { PATH: process.env.PATH };
const run = (filter, input) => spawnSync('jq', ['-c', filter], { input, encoding: 'utf8', env, timeout: 20_000 });

/** The outputs of one filter on one input, or its error: `{ outputs: [1, 2] }`, `{ error: 'Cannot …' }`. */
const outcomeOf = (filter) =>
  `try {outputs: [(${filter}\n)]} catch {error: (if type == "string" then . else tojson end)}`;

function outcomesOf(filter) {
  const together = run(outcomeOf(filter), inputs.join('\n')).stdout.trimEnd().split('\n');
  if (together.length === inputs.length) return together;
  // It reads on by itself, or ends the program: one input at a time.
  return inputs.map((input) => {
    const { stdout, stderr, status } = run(outcomeOf(filter), input);
    return status === 0 ? stdout.trimEnd() : JSON.stringify({ error: `${status}: ${stderr.trim().split('\n')[0]}` });
  });
}

const recorded = filters.map((filter) => {
  if (run(filter, '').status === 3) return { filter, refused: true };
  const texts = outcomesOf(filter);
  const table = [...new Set(texts)];
  return { filter, table, outcomes: texts.map((text) => table.indexOf(text)) };
});
const lines = recorded.map((one) => JSON.stringify(one)).join(',\n');
writeFileSync(
  new URL('jq-1.6.json', import.meta.url),
  `{"inputs":${JSON.stringify(inputs)},\n"filters":[\n${lines}\n]}\n`,
);
console.log(`${filters.length} filters, ${inputs.length} inputs`);
