import { endOfContainer, endOfString, isJsonSpace } from '@millrace/kit/json-scan';

/** The body is not JSON, or not of a shape that carries events. */
export class ShapeError extends Error {}

const eventsKey = '"events"';

/** @throws ShapeError when `end` says that the text ended before the value did */
function within(end: number): number {
  if (end < 0) throw new ShapeError('it ends before it is complete');
  return end;
}

/** The place behind the value that begins at `start`, or `start` where there is none. Does not look into it. */
function endOfValue(text: string, start: number): number {
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) return within(endOfString(text, i));
    if (c === 0x7b || c === 0x5b) return within(endOfContainer(text, i));
    if (c === 0x7d || c === 0x5d || c === 0x2c || isJsonSpace(c)) return i;
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let i = start;
  while (i < text.length && isJsonSpace(text.charCodeAt(i))) i += 1;
  return i;
}

/** The place behind `character`, which must be next from `at` on. @throws ShapeError */
function behind(text: string, at: number, character: string): number {
  const i = skipSpace(text, at);
  if (text[i] !== character) {
    throw new ShapeError(
      i < text.length ? `it has no "${character}" at character ${i}` : 'it ends before it is complete',
    );
  }
  return i + 1;
}

/**
 * Walks over the members of the container that opens at `start`: `member` gets where one begins and returns where it
 * ends, or undefined to stop. Returns where the container ends.
 */
function walk(text: string, start: number, close: string, member: (at: number) => number | undefined): number {
  let i = skipSpace(text, start + 1);
  if (text[i] === close) return i + 1;
  for (;;) {
    const end = member(i);
    if (end === undefined) return i;
    if (end === i) throw new ShapeError(`it has no value at character ${i}`);
    i = skipSpace(text, end);
    if (text[i] === close) return i + 1;
    i = skipSpace(text, behind(text, i, ','));
  }
}

/** Only white space may follow the body's one value. @throws ShapeError */
function checkEnd(text: string, end: number) {
  const rest = skipSpace(text, end);
  if (rest < text.length) throw new ShapeError(`it goes on after its end at character ${rest}`);
}

function elementsOfArray(text: string, start: number, max: number): { elements: string[]; end: number } {
  const elements: string[] = [];
  const end = walk(text, start, ']', (at) => {
    if (elements.length === max) return undefined;
    const next = endOfValue(text, at);
    elements.push(text.slice(at, next));
    return next;
  });
  return { elements, end };
}

/** Where the value of an object's key "events" begins; of two such keys the last counts, as in JSON.parse. */
function findEvents(text: string, start: number): { at: number | undefined; end: number } {
  let at: number | undefined;
  const end = walk(text, start, '}', (key) => {
    if (text[key] !== '"') throw new ShapeError(`it has no key at character ${key}`);
    const keyEnd = within(endOfString(text, key));
    const value = skipSpace(text, behind(text, keyEnd, ':'));
    if (isEventsKey(text.slice(key, keyEnd))) at = value;
    const next = endOfValue(text, value);
    if (next === value) throw new ShapeError(`it has no value at character ${value}`);
    return next;
  });
  return { at, end };
}

function isEventsKey(written: string): boolean {
  if (written === eventsKey) return true;
  // Any of its letters may be written as \u….
  if (!written.includes('\\') || written.length > 6 * eventsKey.length) return false;
  try {
    return JSON.parse(written) === 'events';
  } catch {
    return false;
  }
}

/**
 * The events of an `application/json` body, each as the text that was sent: one event, an array of them, or
 * {"events":[…]}; stops after `max` of them. Parses none of them: each is judged by itself later, so that a wrong one
 * costs no other, and none is parsed that is too large or one too many.
 * @throws ShapeError
 */
export function jsonElements(text: string, max = Number.POSITIVE_INFINITY): string[] {
  const start = skipSpace(text, 0);
  if (text[start] === '[') {
    const { elements, end } = elementsOfArray(text, start, max);
    if (elements.length < max) checkEnd(text, end);
    return elements;
  }
  if (text[start] !== '{') throw new ShapeError('it must be an event, an array of events or {"events":[…]}');
  const { at, end } = findEvents(text, start);
  checkEnd(text, end);
  if (at === undefined) return [text.slice(start, end)];
  if (text[at] !== '[') throw new ShapeError('"events" must be an array of events');
  return elementsOfArray(text, at, max).elements;
}
