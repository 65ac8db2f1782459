/**
 * Finds where JSON strings and containers end, without parsing them. Works on characters; bytes are scanned as their
 * latin1 text, whose offsets are those of the bytes and in which no byte of a longer UTF-8 character is ASCII.
 */

const quote = 0x22;
const backslash = 0x5c;

/** JSON's white space: space, line feed, carriage return, tab. NaN, behind the end, is none. */
export const isJsonSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/**
 * The place behind the string whose opening quote is at `start`, or -1 when the text ends before it. Searches for
 * quotes rather than walking over the text, which takes a third longer.
 */
export function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return -1;
}

/**
 * The place behind the object or array that opens at `start`, or -1 when the text ends before it. Does not look at what
 * is inside, nor which kind of bracket closes which. Not recursive: depth costs nothing.
 */
export function endOfContainer(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      i = endOfString(text, i) - 1;
      if (i < 0) return -1;
    } else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}
