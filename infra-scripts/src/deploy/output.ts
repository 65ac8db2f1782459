import { MillraceError, type MillraceErrorOptions } from '@millrace/kit/millrace-error';

/** Where a deployment writes: the command prints, tests listen. */
export interface Output {
  /** A line that stays. */
  line(text: string): void;
  /** A line that the next one replaces, on a terminal. */
  progress(text: string): void;
  /** Asks whether to go on. */
  confirm(question: string): Promise<boolean>;
}

/** `DEPLOY_FAILED`: the deployment did not get where it should; the message says why and what to do. */
export const deployError = (message: string, options?: MillraceErrorOptions): MillraceError =>
  new MillraceError('DEPLOY_FAILED', message, options);

/** `STOPPED`: Ctrl-C. AWS goes on with what it was asked for, and nothing is kept here. */
export const stoppedError = (): MillraceError => new MillraceError('STOPPED', 'stopped');
