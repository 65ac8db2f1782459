import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python } from './needs.js';

/** A call as the AWS SDK was given it. */
export interface Call {
  service: string;
  operation: string;
  input: Record<string, unknown>;
}

const script = fileURLToPath(new URL('../../botocore_params.py', import.meta.url));

/** Bytes and times as text, as they travel in JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return 'x';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** botocore's models in a process that stays: starting it and reading the models takes longer than all checks. */
export interface CallChecker {
  /** What botocore has against calls, a line each; '' when nothing. Asked one batch at a time. */
  wrongIn(calls: Call[]): Promise<string>;
  close(): Promise<void>;
}

/** Starts the one process that checks all calls of a test file. */
export function openCallChecker(): CallChecker {
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async wrongIn(calls) {
      child.stdin.write(`${JSON.stringify(plain(calls))}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended`);
      return JSON.parse(value) as string;
    },
    async close() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
