import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pipeInto } from '@millrace/testing/pipe-into';
import { program } from '@millrace/testing/program';
import { runProgram } from './generator-program.js';
import { here } from './support/here.js';

/** A started command: its output so far, and how it ends. */
export interface RunningCommand {
  stdout(): string;
  stderr(): string;
  interrupt(): void;
  /** Resolves when stdout, and stderr after it, match. Fails when the command ends before. */
  printed(pattern: RegExp): Promise<void>;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** No real AWS is asked, and no server is found. */
const environment = {
  AWS_EC2_METADATA_DISABLED: 'true',
  MILLRACE_STATE: fileURLToPath(new URL('./no-such-state', import.meta.url)),
};

/** Starts `millrace ARGS` as a shell would. Nothing of the caller's AWS settings reaches it, and no real AWS is asked. */
export async function startCommand(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<RunningCommand> {
  const file = await program('infra-scripts/dist/test/generator-process.js');
  const child = spawn(process.execPath, ['--no-warnings', file, ...args], {
    env: { PATH: process.env.PATH, ...environment, ...options.env },
  });
  let stdout = '';
  let stderr = '';
  let over = false;
  let wake = () => {};
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    wake();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    wake();
  });
  if (options.input !== undefined) pipeInto(child, options.input);
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => {
      over = true;
      wake();
      resolve({ code, stdout, stderr });
    }),
  );
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    interrupt: () => child.kill('SIGINT'),
    async printed(pattern) {
      while (!pattern.test(stdout + stderr)) {
        if (over) throw new Error(`the command ended without printing ${pattern}:\n${stdout}${stderr}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    ended,
  };
}

/** Runs a command to its end: in this process, unless it is given an input. */
export async function runCommand(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
) {
  if (options.input !== undefined) return (await startCommand(args, options)).ended;
  return here([...args], { cwd: process.cwd(), env: { ...environment, ...options.env } });
}

/** Calls a command in this process: for calls that end before they do anything. */
export async function callHere(args: readonly string[]): Promise<{ code: number; said: string }> {
  const before = process.env.MILLRACE_STATE;
  process.env.MILLRACE_STATE = fileURLToPath(new URL('./no-such-state', import.meta.url));
  let said = '';
  try {
    const code = await runProgram(args, (text) => {
      said += text;
    });
    return { code, said };
  } finally {
    if (before === undefined) delete process.env.MILLRACE_STATE;
    else process.env.MILLRACE_STATE = before;
  }
}
