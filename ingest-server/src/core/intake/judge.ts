import {
  checkEvent,
  type EventErrorCode,
  isAsWritten,
  limits,
  measureEvent,
  type StoredEvent,
} from '@millrace/sdk/schema';

/**
 * An event, or what is wrong with one line. `isExact`: every reader gets from the text what JSON.parse got, and nothing
 * more. No key stands twice, no whole number is written as a fraction (a BIGINT reader would fail on 1.0), no escape is
 * half of a surrogate pair. Some exact texts are not recognised.
 */
export type Judged =
  | { event: StoredEvent; isExact: boolean; code?: never }
  | { event?: never; code: EventErrorCode; path: string; message: string; value?: unknown };

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses and checks one line. The event is what was sent, not a copy that a validator made. */
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
 * The event of an exact text; undefined for any other. The text may have a character for each byte instead of being
 * decoded: its JSON has the same structure, its strings are only longer, and the schema's patterns match only ASCII.
 * The event's strings, names among them, are then not decoded either.
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
