/**
 * What a command ends with: 1 failed, or loss found; 2 called wrongly; 3 done in part, or cannot say; 4 nothing there
 * to work on; 130 interrupted.
 */
export type ExitCode = 1 | 2 | 3 | 4 | 130;

/** What an error has besides code and message. */
export interface MillraceErrorOptions extends ErrorOptions {
  /** What the command that meets it exits with; 1. */
  exitCode?: ExitCode;
}

/**
 * An error that a person can act on: its message says what is wrong, where, and what to do. A command prints the
 * message without a stack and exits with `exitCode`; code tells errors apart by `code`, never by the message.
 */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';
  /** Upper snake case: `USAGE`, `QUERY_REFUSED`. */
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, { exitCode = 1, ...options }: MillraceErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** The command was called wrongly: exit code 2. */
export const usageError = (message: string, options?: ErrorOptions): MillraceError =>
  new MillraceError('USAGE', message, { ...options, exitCode: 2 });

/** Whether an error is one of ours, with this code when one is given. Holds across two copies of this package. */
export function isMillraceError(error: unknown, code?: string): error is MillraceError {
  if (!(error instanceof Error) || error.name !== 'MillraceError') return false;
  return code === undefined || (error as MillraceError).code === code;
}
