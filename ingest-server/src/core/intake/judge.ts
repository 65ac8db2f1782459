import {
  checkEvent,
  type EventErrorCode,
  isAsWritten,
  limits,
  measureEvent,
  type StoredEvent,
} from '@millrace/sdk/schema';

/**
 * An event, or what is wrong with one line. `isExact`: the text says what JSON.parse made of it, and nothing more, to every reader: no key is
 * there twice, no whole number is written as a fraction (a reader of BIGINT would stumble over 1.0), no escape is half of a character. Some
 * texts that are exact are not recognised.
 */
export type Judged =
  | { event: StoredEvent; isExact: boolean; code?: never }
  | { event?: never; code: EventErrorCode; path: string; message: string; value?: unknown };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with one line, or its event. What is stored is what was sent, not a copy that a validator made. */
export function judge(text: string): Judged {
  // A code unit has at most 3 bytes, so most lines need no counting.
  if (text.length * 3 > limits.eventBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > limits.eventBytes) {
      return {
        code: 'event_too_large',
        path: '',
        message: `has ${bytes} bytes; an event may have ${limits.eventBytes}`,
      };
    }
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { code: 'invalid_json', path: '', message: `is not JSON: ${(error as Error).message}` };
  }
  if (!isObject(value)) return { code: 'invalid_json', path: '', message: 'is not a JSON object', value };
  const length = measureEvent(value);
  if (length === undefined) {
    const { refusal } = checkEvent(value);
    if (refusal !== undefined) return { code: 'invalid_event', ...refusal, value };
  }
  return { event: value as StoredEvent, isExact: length !== undefined && isAsWritten(text, length) };
}

/**
 * The event of a text that is exact; undefined for any other. It need not be decoded for this: with a character for each byte its JSON has the
 * same structure, what is in its strings is only longer, and no pattern of the schema matches but ASCII. What comes out has such strings, too.
 */
export function exactEvent(chars: string): StoredEvent | undefined {
  if (chars.length > limits.eventBytes || chars.includes('\\')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(chars);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const length = measureEvent(value);
  return length !== undefined && isAsWritten(chars, length) ? (value as StoredEvent) : undefined;
}
