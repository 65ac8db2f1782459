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
  const ascii = isAscii(body) ? body.toString('latin1') : undefined;
  const isValid = ascii !== undefined || isUtf8(body);
  for (let start = 0; start < body.length && lines.length < max; ) {
    const found = ascii === undefined ? body.indexOf(newline, start) : ascii.indexOf('\n', start);
    const next = found < 0 ? body.length : found;
    const end = next > start && body[next - 1] === carriageReturn ? next - 1 : next;
    if (end > start) {
      const text = ascii === undefined ? body.toString('utf8', start, end) : ascii.slice(start, end);
      if (body[start] === openBrace) lines.push({ text, bytes: isValid ? { body, start, end } : undefined });
      else {
        const trimmed = text.trim();
        if (trimmed !== '') lines.push({ text: trimmed, bytes: undefined });
      }
    }
    start = next + 1;
  }
  return lines;
}
