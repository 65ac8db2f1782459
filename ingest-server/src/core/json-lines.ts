import { isUtf8 } from 'node:buffer';
import type { SentLine } from './sent-line.js';

const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const minus = 0x2d;
const point = 0x2e;
const backslash = 0x5c;
const openBrace = 0x7b;
const space = 0x20;

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;

/**
 * The lines of a JSON Lines body that are not blank, without their line ends; stops after `max` of them. One pass over the bytes finds the
 * lines and whether each can be stored as it is.
 */
export function jsonLines(body: Buffer, max = Infinity): SentLine[] {
  const lines: SentLine[] = [];
  const { length } = body;
  let isValid: boolean | undefined;
  for (let start = 0; start < length && lines.length < max; ) {
    let quotes = 0;
    let points = 0;
    let isPlain = body[start] === openBrace;
    let allBits = 0;
    let i = start;
    for (; i < length; i++) {
      let byte = body[i]!;
      allBits |= byte;
      if (byte === quote) {
        quotes += 1;
        for (i += 1; i < length; i++) {
          byte = body[i]!;
          if (byte === quote || byte === backslash || byte < space) break;
          allBits |= byte;
        }
        if (byte !== quote || i === length) {
          isPlain = false;
          break;
        }
        quotes += 1;
      } else if (byte < space || byte === minus) {
        break;
      } else if (byte === point) {
        points += 1;
      } else if ((byte | 0x20) === 0x65 && isDigit(body[i - 1]!)) {
        break;
      }
    }
    let end = i;
    if (i < length && body[i] !== newline) {
      // A CRLF is a line end; whatever else stopped the scan means that the line is written anew.
      if (body[i] === carriageReturn && (i + 1 === length || body[i + 1] === newline)) i += 1;
      else {
        isPlain = false;
        i = body.indexOf(newline, i);
        if (i < 0) i = length;
        end = i > start && body[i - 1] === carriageReturn ? i - 1 : i;
        allBits = 0xff;
      }
    }
    if (end > start) {
      let text = body.toString(allBits < 0x80 ? 'latin1' : 'utf8', start, end);
      if (isPlain && allBits >= 0x80) {
        isValid ??= isUtf8(body);
        isPlain = isValid;
      }
      if (body[start] !== openBrace) text = text.trim();
      if (text !== '') lines.push({ text, bytes: isPlain ? { body, start, end, quotes, points } : undefined });
    }
    start = i + 1;
  }
  return lines;
}
