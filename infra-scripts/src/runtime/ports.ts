import { CommandError, UsageError } from './context.js';

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

/** The system's error code, where an error or what caused it has one. */
function systemCode(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

export interface ListenOptions {
  port: number;
  /** What listens there, for the message: `the ingest server`. */
  use: string;
  /** The option that sets the port: `--ingest-port`. */
  option: string;
}

/**
 * Starts a server. What its start refuses (a damaged folder, a wrong setting) is said by its message alone, without a stack.
 * @throws CommandError; when the port is taken it names the port, its use and the option that changes it.
 */
export async function startListening<Server>(options: ListenOptions, start: () => Promise<Server>): Promise<Server> {
  const { port, use, option } = options;
  try {
    return await start();
  } catch (error) {
    if (error instanceof CommandError || error instanceof UsageError) throw error;
    const code = systemCode(error);
    const message =
      code === 'EADDRINUSE'
        ? `port ${port}, for ${use}, is taken by another program. Stop that one, or choose another port with ${option} PORT`
        : code === 'EACCES' && port > 0 && port < 1024
          ? `port ${port}, for ${use}, needs more rights than this user has. Choose one above 1023 with ${option} PORT`
          : `${use} cannot start: ${(error as Error).message}`;
    throw new CommandError(message, { cause: error });
  }
}
