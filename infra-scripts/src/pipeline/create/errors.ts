import { MillraceError } from '@millrace/kit/millrace-error';

/**
 * `PIPELINE_DIFFERS`: what exists under the name is something else, and nothing was changed. `differences` has one line
 * a place.
 */
export const differsError = (what: string, differences: readonly string[]) =>
  new MillraceError(
    'PIPELINE_DIFFERS',
    `${what} exists and is not as defined: ${differences.join('; ')}. ` +
      'Nothing was changed. Delete it, give the pipeline another name, or change the definition to what exists.',
  );

/** `CREATE_FAILED`: AWS refused, or what exists cannot be used. */
export const createError = (message: string, cause?: unknown) => new MillraceError('CREATE_FAILED', message, { cause });

/** The name of an AWS error in its API: `ResourceInUseException`. */
export const nameOf = (error: unknown) => (error instanceof Error ? error.name : '');

/** An error of AWS, with what was asked for; an abort stays what it is. */
export function refused(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  return createError(`${what} failed: ${error.name}: ${error.message}`, error);
}
