import { isMillraceError, MillraceError } from '@millrace/kit/millrace-error';

/** The system's error code (`EADDRINUSE`), where an error or what caused it has one. */
function systemCode(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (typeof code === 'string' && !isMillraceError(each)) return code;
  }
  return undefined;
}

/** Where a server listens. */
export interface ListenOptions {
  port: number;
  /** What listens there, for the message: `the ingest server`. */
  use: string;
  /** The option that sets the port: `--ingest-port`. */
  option: string;
}

/**
 * Starts a server. A failed start becomes an error that speaks for itself.
 * @throws MillraceError `CANNOT_START`; when the port is taken or reserved it names the port, its use and the option
 * that changes it
 */
export async function startListening<Server>(options: ListenOptions, start: () => Promise<Server>): Promise<Server> {
  const { port, use, option } = options;
  try {
    return await start();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EADDRINUSE') {
      throw cannotStart(
        `port ${port}, for ${use}, is taken by another program. Stop that program, or choose another port with ${option} PORT`,
        error,
      );
    }
    if (code === 'EACCES' && port > 0 && port < 1024) {
      throw cannotStart(
        `port ${port}, for ${use}, needs more rights than this user has. Choose a port above 1023 with ${option} PORT`,
        error,
      );
    }
    throw isMillraceError(error) ? error : cannotStart(`${use} cannot start: ${(error as Error).message}`, error);
  }
}

const cannotStart = (message: string, cause: unknown) => new MillraceError('CANNOT_START', message, { cause });
