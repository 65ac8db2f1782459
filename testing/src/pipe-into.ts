import type { ChildProcess } from 'node:child_process';

/**
 * Writes `input` to the process's stdin and closes it. A process may end before it has read everything (`--help` does);
 * its exit code and what it printed tell of it, so the broken pipe is no error here.
 */
export function pipeInto({ stdin }: ChildProcess, input = ''): void {
  stdin!.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error;
  });
  if (input) stdin!.end(input);
  else stdin!.end();
}
