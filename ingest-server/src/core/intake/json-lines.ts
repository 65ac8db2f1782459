import { isAscii, isUtf8 } from 'node:buffer';
import type { SentLine } from './sent-line.js';

const openBrace = 0x7b;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const space = 0x20;

const isBlank = (byte: number) => byte <= space && (byte === space || (byte >= 0x09 && byte <= carriageReturn));

/**
 * The lines of a JSON Lines body that are not blank, without their line ends; stops after `max` of them. A line that
 * begins with a brace is left as it is; others are trimmed.
 */
export function jsonLines(body: Buffer, max = Infinity): SentLine[] {
  const lines: SentLine[] = [];
  const isPlain = isAscii(body);
  const isValid = isPlain || isUtf8(body);
  // A character for each byte: decoding UTF-8 that is not ASCII costs twenty times as much, and few lines need it.
  // No byte of a longer character is a line end, and replacing invalid bytes touches none.
  const whole = body.toString('latin1');
  let isIndented = false;
  for (let start = 0; start < body.length && lines.length < max; ) {
    const first = body[start]!;
    // One by one: a body may consist of blanks.
    if (first !== openBrace && isBlank(first)) {
      isIndented = first !== lineFeed;
      start += 1;
      continue;
    }
    const found = whole.indexOf('\n', start);
    const next = found < 0 ? body.length : found;
    const end = next > start && body[next - 1] === carriageReturn ? next - 1 : next;
    const isObject = first === openBrace && !isIndented;
    isIndented = false;
    if (isObject && isValid) {
      lines.push({ chars: whole.slice(start, end), isDecoded: isPlain, bytes: { body, start, end } });
    } else {
      const text = body.toString('utf8', start, end);
      const chars = isObject ? text : text.trim();
      if (chars !== '') lines.push({ chars, isDecoded: true, bytes: undefined });
    }
    start = next + 1;
  }
  return lines;
}
