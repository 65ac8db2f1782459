import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, jest, test } from '@jest/globals';
import { run } from '../src/cli/main.js';
import { costText } from '../src/deploy/cost.js';
import type { Deployment } from '../src/deploy/deployment.js';
import { expectedPlan } from '../src/deploy/expected-plan.js';
import { definePipeline } from '../src/pipeline/definition.js';
import { makeTemplate } from '../src/template/template.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/commands.md',
  'docs/embedded-aws.md',
  'docs/guarantees.md',
  'docs/ingest-server.md',
  'docs/on-aws.md',
  'docs/plan.md',
  'docs/runbook.md',
  'docs/scale.md',
  'docs/threat-model.md',
  'docs/walkthrough.md',
  'infra-scripts/README.md',
];
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What `millrace COMMAND --help` prints. */
async function helpOf(command: string): Promise<string> {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    expect({ command, code: await run([...command.split(' '), '--help']) }).toEqual({ command, code: 0 });
    return write.mock.calls.join('');
  } finally {
    write.mockRestore();
  }
}

describe('the pages', () => {
  test('name only commands and options that there are', async () => {
    const calls = files.flatMap((file) =>
      [...read(file).matchAll(/(?:npx |\.\/|^|`)millrace ((?:spool )?[a-z]+)((?:[^`\n|&>]|\\\n)*)/gm)].map(
        ([, command, rest]) => ({
          command: command!,
          options: [...rest!.split('#')[0]!.matchAll(/(?:^|\s)(--[a-z][a-z-]+)/g)].map(([, option]) => option!),
        }),
      ),
    );
    const commands = [...new Set(calls.map(({ command }) => command))];
    expect(commands.length).toBeGreaterThan(15);
    const helps = new Map<string, string>();
    for (const command of commands) helps.set(command, await helpOf(command));
    const unknown = calls.flatMap(({ command, options }) =>
      options
        .filter((option) => !new RegExp(`${option}\\b`).test(helps.get(command)!))
        .map((option) => `${command} ${option}`),
    );
    expect(unknown).toEqual([]);
  }, 240_000);

  test('the runbook has eleven failures, each with symptom, metric and what to do, and every alarm is in it', () => {
    const text = read('docs/runbook.md');
    const failures = text.split(/^## \d+\. /m).slice(1);
    expect(failures).toHaveLength(11);
    for (const failure of failures)
      for (const part of ['**Symptom**', '**Metric**', '**Do**']) expect(failure).toContain(part);
    const { template } = makeTemplate(definePipeline(), 'standard');
    const alarms = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');
    for (const [name] of alarms) expect(text).toContain(name);
  });
});

test('the cost that up says is that of the plan, with the shards that are asked for, and docs/on-aws.md says the same', async () => {
  const textOf = async (deployment: Deployment, rate: number) =>
    costText(deployment, await expectedPlan(deployment, rate));
  const cost = (shards: number, rate = 1_000) =>
    textOf({ name: 'm', size: 'standard', settings: { shards }, parameters: {} }, rate);
  const dollarsOf = (text: string) => Number(/About \$([\d,]+)/.exec(text)![1]!.replace(',', ''));
  // A shard is 0.015 × 730 dollars a month.
  expect(dollarsOf(await cost(22)) - dollarsOf(await cost(2))).toBe(219);
  expect(await cost(1)).toContain('That rate needs 2 shards.');
  expect(await cost(20, 40_000)).toMatch(/That rate needs [67]\d shards and 16 servers \(--max-servers\)\./);
  const trial = await textOf({ name: 'm', size: 'trial', settings: { shards: 1 }, parameters: {} }, 1);
  expect(trial).toMatch(/^About \$\d\d a month/);
  const atRest = (text: string) => `about $${/\$(\d+) of it for shards/.exec(text)![1]} a month`;
  expect(read('docs/on-aws.md')).toContain(`| cost at rest | ${atRest(trial)} | ${atRest(await cost(2, 0.01))} |`);
});
