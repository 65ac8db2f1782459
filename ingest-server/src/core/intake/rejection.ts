import type { EventErrorCode } from '@millrace/sdk/schema';

/** Why an event is rejected, as in the answer. `index` counts the body's events from 0. */
export interface Rejection {
  index: number;
  event_id?: string;
  code: EventErrorCode;
  path: string;
  message: string;
}

/** Code units of a path or a message. A path repeats the wrong key, which may be nearly all of a large event. */
const maxLength = 200;

function brief(text: string): string {
  if (text.length <= maxLength) return text;
  // Copied: a slice would keep the whole text in memory.
  return Buffer.from(`${text.slice(0, maxLength)}… (${text.length} characters)`).toString();
}

/** A rejection as it is answered, remembered with the answer, and stored as a reason. */
export const briefRejection = (rejection: Rejection): Rejection => ({
  ...rejection,
  path: brief(rejection.path),
  message: brief(rejection.message),
});

/** A rejected event, as an observer gets it. */
export interface RejectedEvent extends Pick<Rejection, 'code' | 'path' | 'message'> {
  /** The id of its row in quarantine. */
  event_id: string;
  visitor_id?: string;
  /** The text as it was sent. */
  raw: string;
  /** False: the batch had more than the quarantine takes of one, so it has no row. */
  isKept: boolean;
}
