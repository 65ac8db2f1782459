/** A tracked event as it waits. */
export interface Entry {
  /** The stream that numbers it. */
  stream: string;
  /** Its place in the stream, from 0. */
  seq: number;
  /** When it was, in milliseconds since 1970. */
  at: number;
  /**
   * `at`, then the event as a JSON object without the fields that follow from `at` and its place. Formatting its id and
   * its time here would be a good part of what an event costs the page.
   */
  text: string;
}

/** Added to a seq where it is written, so that all have seven digits and sort as text. */
export const million = 1e6;

/**
 * The whole event as JSON, in one line, the same whoever makes it. A text that is not an event stays as it is, and the
 * server rejects it. The id is a UUIDv7 (RFC 9562, 5.7): the time, then the seq as the counter (6.2, method 1), then
 * the random digits of the stream.
 */
export function lineOf({ stream, seq, at, text }: Entry): string {
  const start = text.indexOf('{');
  if (start < 1) return text;
  const ms = at.toString(16).padStart(12, '0');
  const count = `${million + seq}`;
  const id = `${ms.slice(0, 8)}-${ms.slice(8)}-7${count.slice(1, 4)}-8${count.slice(4)}-${stream.slice(-12)}`;
  // toJSON, because toISOString throws for a time out of range.
  return `${text.slice(start, -1)},"event_id":"${id}","event_time":"${new Date(at).toJSON()}","stream_id":"${stream}","seq":${seq}}`;
}
