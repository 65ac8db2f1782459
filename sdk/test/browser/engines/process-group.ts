import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program with all the processes that it starts. */
export interface ProcessGroup {
  child: ChildProcess;
  /** SIGKILL to all at once. Settles when the program has ended. */
  kill(): Promise<void>;
}

/** Starts a program as the head of a process group, so that one signal reaches all of its processes. */
export function startGroup(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
  stdio: StdioOptions = 'ignore',
): ProcessGroup {
  const child = spawn(program, args, { detached: true, stdio, env: { ...process.env, ...env } });
  const ended = once(child, 'exit');
  return {
    child,
    async kill() {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended already.
      }
      await ended;
    },
  };
}

const isProgram = (path: string) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The first of these programs that is there, by path or by a name on the PATH. */
export const findProgram = (...names: string[]): string | undefined =>
  names
    .flatMap((name) =>
      name.startsWith('/') ? [name] : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)),
    )
    .find(isProgram);
