import { isAscii } from 'node:buffer';
import { endOfContainer, endOfString, isJsonSpace } from './json-scan.js';

/**
 * De-aggregation with `SubRecordType=JSON`: a record that holds several JSON values, newline-separated or simply one
 * after the other, is taken apart. Arrays are values like any other: they are not split.
 * https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
 *
 * Firehose splits no record of more than 500: that goes on whole, and then fails as no JSON. What it does with a record
 * of which only a part is JSON is not documented; here it too stays whole, so that its bytes end, unchanged, in one
 * error record.
 */
export const maxSubRecords = 500;

/** One JSON value of a record: its bytes are `data.subarray(start, end)`, without the white space around them. */
export interface SubRecord {
  start: number;
  end: number;
  value: unknown;
}

const quote = 0x22;
const opens = (code: number) => code === 0x7b || code === 0x5b;

/** A record as text with a character for each byte, so that the text's offsets are those of the bytes. */
interface RecordText {
  text: string;
  /** The value at a place. @throws SyntaxError when it is not JSON */
  parse(start: number, end: number): unknown;
}

function textOf(data: Buffer): RecordText {
  const text = data.toString('latin1');
  // Decoding a record once is cheaper than decoding each value, but only ASCII is then decoded.
  return isAscii(data)
    ? { text, parse: (start, end) => JSON.parse(text.slice(start, end)) }
    : { text, parse: (start, end) => JSON.parse(data.toString('utf8', start, end)) };
}

/**
 * The record's values in order; undefined when it must stay whole: not JSON throughout, empty, or more than 500 values.
 */
export function splitJson(data: Buffer): SubRecord[] | undefined {
  const record = textOf(data);
  return splitLines(data, record) ?? splitAnywhere(data, record);
}

/**
 * The common case: one value a line. Where every line is a JSON text, `splitAnywhere` finds the same (a property test
 * holds them together), but has to scan each value for its end.
 */
export function splitLines(data: Buffer, { text, parse } = textOf(data)): SubRecord[] | undefined {
  const found: SubRecord[] = [];
  for (let line = 0; line < text.length; ) {
    let lineEnd = text.indexOf('\n', line);
    if (lineEnd === -1) lineEnd = text.length;
    const { start, end } = trimmed(data, line, lineEnd);
    line = lineEnd + 1;
    if (start === end) continue;
    if (found.length === maxSubRecords) return undefined;
    try {
      found.push({ start, end, value: parse(start, end) });
    } catch {
      return undefined;
    }
  }
  return found.length > 0 ? found : undefined;
}

/** The general case: finds each value's end by its brackets and strings, and then parses it. */
export function splitAnywhere(data: Buffer, { text, parse } = textOf(data)): SubRecord[] | undefined {
  const found: SubRecord[] = [];
  for (let at = 0; ; ) {
    while (isJsonSpace(text.charCodeAt(at))) at++;
    if (at >= text.length) break;
    const end = endOfValue(text, at);
    if (end < 0 || found.length === maxSubRecords) return undefined;
    try {
      found.push({ start: at, end, value: parse(at, end) });
    } catch {
      return undefined;
    }
    at = end;
  }
  return found.length > 0 ? found : undefined;
}

/** The record as one value, when it is exactly one. */
export function parseWhole(data: Buffer): SubRecord | undefined {
  const { start, end } = trimmed(data, 0, data.length);
  try {
    return { start, end, value: JSON.parse(data.toString('utf8', start, end)) };
  } catch {
    return undefined;
  }
}

function trimmed(data: Buffer, start: number, end: number): { start: number; end: number } {
  let from = start;
  let to = end;
  while (from < to && isJsonSpace(data[from]!)) from++;
  while (to > from && isJsonSpace(data[to - 1]!)) to--;
  return { start: from, end: to };
}

/** The place behind the value that begins at `start`, by its shape alone; -1 when the record ends before it does. */
function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === quote) return endOfString(text, start);
  if (opens(first)) return endOfContainer(text, start);
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isJsonSpace(code) || opens(code) || code === quote) break;
  }
  return at;
}
