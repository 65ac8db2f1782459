/** The body is JSON, but not of a shape that carries events. */
export class ShapeError extends Error {}

/** Where the value that begins at `start` ends, in text known to be JSON. Not recursive: depth costs nothing. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      i = endOfString(text, i) - 1;
      if (depth === 0) return i + 1;
    } else if (c === 0x7b || c === 0x5b) depth += 1;
    else if (c === 0x7d || c === 0x5d) {
      if (depth === 0) return i;
      depth -= 1;
      if (depth === 0) return i + 1;
    } else if (depth === 0 && (c === 0x2c || c <= 0x20)) return i;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i += 1;
    else if (c === 0x22) return i + 1;
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let i = start;
  while (i < text.length && text.charCodeAt(i) <= 0x20) i += 1;
  return i;
}

function elementsOfArray(text: string, start: number): string[] {
  const elements: string[] = [];
  for (let i = skipSpace(text, start + 1); text[i] !== ']'; i = skipSpace(text, i)) {
    const end = endOfValue(text, i);
    elements.push(text.slice(i, end));
    i = skipSpace(text, end);
    if (text[i] === ',') i += 1;
  }
  return elements;
}

/** Where each value of an object's key `wanted` begins; of a key that is there twice, the last counts, as in JSON.parse. */
function valueOfKey(text: string, start: number, wanted: string): number | undefined {
  let at: number | undefined;
  for (let i = skipSpace(text, start + 1); text[i] !== '}'; i = skipSpace(text, i)) {
    const end = endOfString(text, i);
    const key: unknown = JSON.parse(text.slice(i, end));
    const value = skipSpace(text, skipSpace(text, end) + 1);
    if (key === wanted) at = value;
    i = skipSpace(text, endOfValue(text, value));
    if (text[i] === ',') i += 1;
  }
  return at;
}

/**
 * The events of an `application/json` body, each as the text that was sent: one event, an array of them, or {"events":[…]}.
 * @throws SyntaxError when the body is no JSON, ShapeError when it is JSON of another shape.
 */
export function jsonElements(text: string): string[] {
  const value: unknown = JSON.parse(text);
  const start = skipSpace(text, 0);
  if (Array.isArray(value)) return elementsOfArray(text, start);
  if (typeof value !== 'object' || value === null) {
    throw new ShapeError('the body must be an event, an array of events or {"events":[…]}');
  }
  if (!Object.hasOwn(value, 'events')) return [text.trim()];
  if (!Array.isArray((value as { events: unknown }).events))
    throw new ShapeError('"events" must be an array of events');
  return elementsOfArray(text, valueOfKey(text, start, 'events')!);
}
