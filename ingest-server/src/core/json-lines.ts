import { isAscii, isUtf8 } from 'node:buffer';
import type { SentLine } from './sent-line.js';

const newline = 0x0a;
const openBrace = 0x7b;
const carriageReturn = 0x0d;

/**
 * The lines of a JSON Lines body that are not blank, without their line ends: stops after `max` of them. A line that begins with a brace is
 * left as it is; round others, spaces are cut off.
 */
export function jsonLines(body: Buffer, max = Infinity): SentLine[] {
  const lines: SentLine[] = [];
  const isPlain = isAscii(body);
  const isValid = isPlain || isUtf8(body);
  // All at once is quicker than line by line; a place in the text is a place in the body only where all is ASCII.
  const whole = isPlain ? body.toString('latin1') : body.toString('utf8');
  for (let start = 0, at = 0; start < body.length && lines.length < max; ) {
    const found = whole.indexOf('\n', at);
    const textEnd = found < 0 ? whole.length : found;
    const next = isPlain ? textEnd : endOfLine(body, start);
    const cut = next > start && body[next - 1] === carriageReturn ? 1 : 0;
    if (next - cut > start) {
      const text = whole.slice(at, textEnd - cut);
      if (body[start] === openBrace) {
        lines.push({ text, bytes: isValid ? { body, start, end: next - cut } : undefined });
      } else {
        const trimmed = text.trim();
        if (trimmed !== '') lines.push({ text: trimmed, bytes: undefined });
      }
    }
    start = next + 1;
    at = textEnd + 1;
  }
  return lines;
}

/** No byte of a longer character is a line end, and what is no UTF-8 is replaced without touching one. */
function endOfLine(body: Buffer, start: number): number {
  const found = body.indexOf(newline, start);
  return found < 0 ? body.length : found;
}
