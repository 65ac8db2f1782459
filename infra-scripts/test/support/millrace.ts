import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '@millrace/testing/eventually';
import { pipeInto } from '@millrace/testing/pipe-into';
import { program } from '@millrace/testing/program';
import { type RunningServer, runningServer, type ServerName } from '../../src/state/running-servers.js';
import { type Finished, here, isHereBusy, isOurs } from './here.js';

const asInstalled = fileURLToPath(new URL('../../../bin/millrace.js', import.meta.url));

/** A state folder of its own, and what runs on it: the tests use Millrace as a person does, through its command. */
export interface Sandbox {
  state: string;
  /** Starts a server command and waits until the named parts answer on their ports. */
  serve(args: string[], parts: ServerName[], env?: NodeJS.ProcessEnv): Promise<Served>;
  /** Starts a server command and kills it `afterMs` later, whatever it has got to by then. */
  killWhileStarting(args: string[], afterMs: number): Promise<void>;
  /** Runs a command to its end: in this process where it can. */
  run(args: string[], options?: { env?: NodeJS.ProcessEnv; input?: string }): Promise<Finished>;
  /** Starts a command, to send it a signal before its end. */
  begin(args: string[], options?: { env?: NodeJS.ProcessEnv; input?: string }): Promise<Begun>;
  /** Ends whatever still runs and removes the folder. */
  remove(): Promise<void>;
}

export interface Served {
  pid: number;
  url(part: ServerName): string;
  /** What it has printed so far, both streams. */
  output(): string;
  /** Ends it by a signal and waits; the result is its exit code, or the signal. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** A command that runs. */
export interface Begun {
  kill(signal: NodeJS.Signals): void;
  /** What it has printed so far, both streams. */
  output(): string;
  ended: Promise<Finished>;
}

function collect(child: ChildProcess): { stdout: () => string; stderr: () => string; all: () => string } {
  const parts: { from: 1 | 2; text: string }[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => parts.push({ from: 1, text }));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => parts.push({ from: 2, text }));
  const of = (from?: 1 | 2) =>
    parts
      .filter((part) => !from || part.from === from)
      .map((part) => part.text)
      .join('');
  return { stdout: () => of(1), stderr: () => of(2), all: () => of() };
}

function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) if (isOurs(name)) delete env[name];
  return { ...env, ...extra };
}

/**
 * @param parent `diskFolder()` for what is killed with `kill -9`
 * @param command the command as it is installed, instead of the bundle of it that starts in half the CPU time
 */
export function sandbox(parent = tmpdir(), command: 'installed' | 'bundled' = 'bundled'): Sandbox {
  const state = mkdtempSync(join(parent, 'millrace-test-'));
  const children = new Set<ChildProcess>();

  const start = async (args: string[], env?: NodeJS.ProcessEnv) => {
    const bin = command === 'installed' ? asInstalled : await program('infra-scripts/bin/millrace.js');
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: state,
      env: cleanEnvironment({ MILLRACE_STATE: state, ...env }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    children.add(child);
    child.on('exit', () => children.delete(child));
    return { child, output: collect(child) };
  };

  const begin: Sandbox['begin'] = async (args, options = {}) => {
    const { child, output } = await start(args, options.env);
    const ended = once(child, 'close').then(() => ({
      code: child.exitCode ?? child.signalCode!,
      stdout: output.stdout(),
      stderr: output.stderr(),
    }));
    pipeInto(child, options.input);
    return { kill: (signal) => child.kill(signal), output: output.all, ended };
  };

  return {
    state,
    async serve(args, parts, env) {
      const { child, output } = await start(args, env);
      const running = new Map<ServerName, RunningServer>();
      await eventually(`${args.join(' ')} to run`, () => {
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(
            `millrace ${args.join(' ')} ended with ${child.exitCode ?? child.signalCode}:\n${output.all()}`,
          );
        }
        for (const part of parts) {
          const found = runningServer(state, part);
          if (found?.pid === child.pid && found) running.set(part, found);
        }
        return running.size === parts.length;
      });
      return {
        pid: child.pid!,
        url: (part) => running.get(part)!.url,
        output: output.all,
        async end(signal) {
          if (child.exitCode === null && child.signalCode === null) {
            const ended = once(child, 'exit');
            child.kill(signal);
            await ended;
          }
          return child.exitCode ?? child.signalCode!;
        },
      };
    },
    async killWhileStarting(args, afterMs) {
      const { child } = await start(args);
      const ended = once(child, 'exit');
      await sleep(afterMs);
      child.kill('SIGKILL');
      await ended;
    },
    async run(args, options = {}) {
      const needsProcess = command === 'installed' || options.input !== undefined || isHereBusy();
      if (needsProcess) return (await begin(args, options)).ended;
      return here(args, { cwd: state, env: { MILLRACE_STATE: state, ...options.env } });
    },
    begin,
    async remove() {
      for (const child of children) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(state, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
