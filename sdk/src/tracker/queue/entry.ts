import { cut, digitsOf, indexOf, isoTime } from '../browser/builtins.js';
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
  const start = indexOf(text, '{');
  if (start < 1) return text;
  // Added, so that all times have twelve digits after the first.
  const ms = cut(digitsOf(2 ** 48 + at, 16), 1);
  const count = `${million + seq}`;
  const id = `${cut(ms, 0, 8)}-${cut(ms, 8)}-7${cut(count, 1, 4)}-8${cut(count, 4)}-${cut(stream, -12)}`;
  return `${cut(text, start, -1)},"event_id":"${id}","event_time":"${isoTime(at)}","stream_id":"${stream}","seq":${seq}}`;
}
