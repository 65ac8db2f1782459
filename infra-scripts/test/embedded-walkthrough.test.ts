import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AwsCli, openAwsCli } from '@millrace/testing/aws-cli';
import { needs } from '@millrace/testing/needs';
import { program } from '@millrace/testing/program';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';

/**
 * docs/walkthrough.md, run as it stands: its `sh` blocks in one shell, one after the other, and a `text` block after one is what that one says,
 * `…` standing for what differs.
 */
interface Step {
  commands: string;
  says?: string;
}

const repository = fileURLToPath(new URL('../../../', import.meta.url));

async function readSteps(): Promise<Step[]> {
  const page = await readFile(join(repository, 'docs', 'walkthrough.md'), 'utf8');
  const steps: Step[] = [];
  for (const [, language, text] of page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (language === 'sh') steps.push({ commands: text! });
    else steps.at(-1)!.says = text!;
  }
  return steps;
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A line of nothing but `…` is any number of lines, `…` in a line anything in that line. */
const pattern = (says: string) =>
  new RegExp(
    `^\\s*${says
      .trim()
      .split('\n')
      .map((line) => (line === '…' ? '[^]*' : line.split('…').map(literal).join('.*')))
      .join('\n')}\\s*$`,
  );

needs('aws-cli').describe('docs/walkthrough.md', () => {
  let box: Sandbox;
  let cli: AwsCli;
  let served: Served;
  let steps: Step[];
  const said: { output: string; code: number }[] = [];

  beforeAll(async () => {
    box = sandbox();
    cli = await openAwsCli();
    steps = await readSteps();
    const [start, ...rest] = steps;
    const [, command] = /^(?:npx |\.\/)millrace (.*)$/m.exec(start!.commands)!;
    served = await box.serve([...command!.split(' '), '--port', '0'], ['aws']);
    steps = rest;

    const millrace = `"${process.execPath}" "${await program('infra-scripts/bin/millrace.js')}"`;
    for (const [name, words] of Object.entries({ millrace: '', npx: 'shift\n' })) {
      await writeFile(join(box.state, name), `#!/bin/sh\n${words}exec ${millrace} "$@"\n`);
      await chmod(join(box.state, name), 0o755);
    }
    const mark = '@@@ step';
    const script = steps
      .map(({ commands }) => commands.replaceAll('http://127.0.0.1:4566', served.url('aws')))
      .map((commands) => `${commands}\necho "${mark} $?"\n`)
      .join('');
    const { stdout } = await promisify(execFile)('bash', ['-c', `exec 2>&1\n${script}`], {
      cwd: box.state,
      env: {
        PATH: `${box.state}:${cli.env.PATH}`,
        HOME: box.state,
        AWS_PAGER: '',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      maxBuffer: 64 * 1024 * 1024,
      timeout: 300_000,
    });
    for (const [, output, code] of stdout.matchAll(/([\s\S]*?)@@@ step (\d+)\n/g))
      said.push({ output: output!, code: Number(code) });
  }, 330_000);
  afterAll(async () => {
    await cli?.close();
    await box.remove();
  });

  test('every step says what the page says it does', () => {
    expect(said).toHaveLength(steps.length);
    for (const [index, { commands, says }] of steps.entries()) {
      const { output, code } = said[index]!;
      if (says !== undefined) expect(output).toMatch(pattern(says));
      const fails = says?.includes('An error occurred') ?? false;
      expect({ commands, output, failed: code !== 0 }).toMatchObject({ failed: fails });
    }
  });

  test('the misprinted prefix is refused, and the log suggests the right one in the words of the page', async () => {
    const page = await readFile(join(repository, 'docs', 'walkthrough.md'), 'utf8');
    const [hint] = /Prefix page= .* was refused; did you mean .* \?/.exec(page)!;
    expect(served.output()).toContain(hint);
  });
});
