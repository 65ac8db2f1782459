import { CommandError, UsageError } from '../cli/context.js';

/** @throws UsageError naming the option, when the text is no port. 0 means any free port. */
export function parsePort(text: string, option: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new UsageError(
      `${option} ${JSON.stringify(text)} is no port: a whole number from 0 to 65535 (0 takes any free one)`,
    );
  }
  return port;
}

/** Runs `start`, and turns a refused port into an error that names the port, its use and the option that changes it. */
export async function onPort<Result>(
  port: number,
  use: string,
  option: string,
  start: () => Promise<Result>,
): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new CommandError(
        `port ${port}, for ${use}, is taken by another program. Stop that one, or choose another port with ${option} PORT`,
      );
    }
    if (code === 'EACCES') {
      throw new CommandError(
        `port ${port}, for ${use}, needs more rights than this user has. Choose one above 1023 with ${option} PORT`,
      );
    }
    throw error;
  }
}
