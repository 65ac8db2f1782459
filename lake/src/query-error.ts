import { MillraceError } from '@millrace/kit/millrace-error';

/**
 * Why a query has no answer, as a `MillraceError`'s `code`.
 *
 * - `QUERY_REFUSED`: not one statement that reads.
 * - `QUERY_FAILED`: the engine does not understand the statement, or it fails.
 * - `QUERY_STOPPED`: it ran out of time or memory, or the caller stopped it.
 * - `AWS_CALL_FAILED`: AWS refused a call, could not be reached, or lacks credentials, region or bucket.
 */
export type QueryErrorCode = 'QUERY_REFUSED' | 'QUERY_FAILED' | 'QUERY_STOPPED' | 'AWS_CALL_FAILED';

/** The error of a query without an answer; a command shows its message and exits with 1. */
export const queryError = (code: QueryErrorCode, message: string, options?: ErrorOptions): MillraceError =>
  new MillraceError(code, message, options);
