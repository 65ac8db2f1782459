import { MillraceError } from '@millrace/kit/millrace-error';

/**
 * Why traffic ended early, as a `MillraceError`'s `code`.
 *
 * - `FILE_UNREADABLE`, `FILE_UNWRITABLE`: a recording, or the file of acknowledged events.
 * - `TARGET_REFUSED`: the target refuses whatever is sent; sending it again would not help.
 * - `TARGET_UNREACHABLE`: no success for too long.
 * - `INTERRUPTED`: stopped while events had no answer.
 * - `INVALID_EVENT`: a recording has a line that is not an event.
 */
export type TrafficErrorCode =
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'TARGET_REFUSED'
  | 'TARGET_UNREACHABLE'
  | 'INTERRUPTED'
  | 'INVALID_EVENT';

/**
 * An error that says what went wrong, with which target or file, and what to do. A command shows it and exits with 1.
 */
export const trafficError = (code: TrafficErrorCode, message: string, options?: ErrorOptions): MillraceError =>
  new MillraceError(code, message, options);
