import { isUtf8 } from 'node:buffer';
import { isText, kinds, type Line, type ReadColumn } from './line.js';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const zero = 0x30;
const brace = 0x7b;
const bracket = 0x5b;

/** Bytes that end a text, or that it cannot have as they are; in an ASCII text, what is not ASCII too. */
const endsText = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte < 0x20 || byte === quote || byte === 0x5c));
const endsAscii = endsText.map((ends, byte) => (byte < 0x80 ? ends : 1));

/** Four times the same byte. */
const [quotes, backslashes, spaces, ones] = [0x22222222, 0x5c5c5c5c, 0x20202020, 0x01010101];
const highestBits = 0x80808080 | 0;

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

const shape = (length: number, first: number, last: number) => (length * 31 + first * 7 + last * 3) & 1023;

/** A key as it stood at its place in the line before: lines of one object mostly have the same keys. */
interface KnownKey {
  /** Its bytes with quotes and colon, four at a time; the last four are given even where they overlap. */
  words: Int32Array;
  length: number;
  column: ReadColumn | undefined;
}
const mostKept = 64;

/**
 * Reads lines of the one shape that our own writers make: one object, no space between its parts, no escape in a text,
 * whole numbers of at most 15 digits and decimals, times as 2026-11-23T08:00:00.000Z. Of every other line it says
 * false, and `JSON.parse` must judge: escapes, spaces, null, other numbers and spellings, deep nesting, and what is no
 * JSON.
 */
export class PlainLineReader {
  private readonly line: Line;
  /** Keys by length and first and last letter, so that one comparison finds a column. */
  private readonly byShape: (readonly { bytes: Buffer; column: ReadColumn }[] | undefined)[] = [];
  private readonly layout: (KnownKey | undefined)[] = [];

  constructor(line: Line) {
    this.line = line;
    for (const column of line.columns) {
      if (column.slot < 0 && isText(column.kind)) continue;
      const bytes = Buffer.from(column.name);
      const at = shape(bytes.length, bytes[0]!, bytes.at(-1)!);
      this.byShape[at] = [...(this.byShape[at] ?? []), { bytes, column }];
    }
  }

  /** Reads the line from `from` to `to` into the `Line`. A byte below 0x20 follows it, at `to`. */
  read(from: number, to: number): boolean {
    const { line, layout } = this;
    line.clear();
    const { source, view } = line;
    let at = from;
    if (source[at++] !== brace) return false;
    for (let place = 0; ; place++) {
      let key = layout[place];
      if (key === undefined || at + key.length > to || !isAt(key, view, at)) {
        key = this.keyAt(source, view, at);
        if (key === undefined) return false;
        if (place < mostKept) layout[place] = key;
      }
      at = readValue(line, source, at + key.length, to, key.column);
      if (at < 0 || at >= to) return false;
      const next = source[at++];
      if (next === comma) continue;
      return next === 0x7d && at === to && (line.isAscii || isUtf8(source.subarray(from, to)));
    }
  }

  private keyAt(source: Uint8Array, view: DataView, at: number): KnownKey | undefined {
    if (source[at] !== quote) return undefined;
    let end = at + 1;
    while (endsAscii[source[end]!] === 0) end++;
    if (source[end] !== quote || source[end + 1] !== colon) return undefined;
    // A key without a letter is left to JSON.parse: it is shorter than four bytes.
    if (end === at + 1) return undefined;
    const column = this.columnOf(source, at + 1, end);
    const length = end + 2 - at;
    const words = Int32Array.from({ length: Math.ceil(length / 4) }, (_, n) =>
      view.getInt32(wordPlace(at, n, length), true),
    );
    return { words, length, column };
  }

  private columnOf(source: Uint8Array, start: number, end: number): ReadColumn | undefined {
    const candidates = this.byShape[shape(end - start, source[start]!, source[end - 1]!)];
    if (candidates === undefined) return undefined;
    for (const { bytes, column } of candidates) {
      let at = 0;
      if (bytes.length !== end - start) continue;
      while (at < bytes.length && bytes[at] === source[start + at]) at++;
      if (at === bytes.length) return column;
    }
    return undefined;
  }
}

const wordPlace = (at: number, n: number, length: number) => at + Math.min(n * 4, length - 4);

function isAt({ words, length }: KnownKey, view: DataView, at: number): boolean {
  const last = words.length - 1;
  for (let n = 0; n < last; n++) if (words[n] !== view.getInt32(at + n * 4, true)) return false;
  return words[last] === view.getInt32(at + length - 4, true);
}

/** Reads the value that begins at `at`; the place after it, or -1. */
function readValue(line: Line, source: Uint8Array, at: number, to: number, column: ReadColumn | undefined): number {
  const first = source[at]!;
  if (first === quote) return readText(line, source, at + 1, column);
  if (first - zero >= 0 && first - zero <= 9) return readNumber(line, source, at, to, column);
  if (column !== undefined && column.kind !== kinds.boolean) return -1;
  if (first === brace || first === bracket) return column === undefined ? endOfNested(line, source, at, to) : -1;
  for (const word of first === 0x6e && column !== undefined ? [] : words) {
    let length = 0;
    while (length < word.length && source[at + length] === word[length]) length++;
    if (length === word.length) return at + length;
  }
  return -1;
}

const deepest = 16;

/**
 * The place after an object or an array, of the same plain shape. What a tracker dropped is read by JSON.parse: of an
 * object that says it, -1.
 */
function endOfNested(line: Line, source: Uint8Array, start: number, to: number): number {
  const isObject = source[start] === brace;
  const close = isObject ? brace + 2 : bracket + 2;
  let at = start + 1;
  if (source[at] === close) return at + 1;
  if (++line.depth > deepest) return -1;
  for (;;) {
    if (isObject) {
      const key = at;
      at = source[at] === quote ? readText(line, source, at + 1, undefined) : -1;
      if (at < 0 || source[at++] !== colon || isDropped(source, key, at)) return -1;
    }
    at = readValue(line, source, at, to, undefined);
    if (at < 0 || at >= to) return -1;
    const next = source[at++];
    if (next === close) {
      line.depth -= 1;
      return at;
    }
    if (next !== comma) return -1;
  }
}

const droppedKey = Buffer.from('"tracker_dropped":');

function isDropped(source: Uint8Array, start: number, end: number): boolean {
  if (end - start !== droppedKey.length) return false;
  for (let n = 0; n < droppedKey.length; n++) if (droppedKey[n] !== source[start + n]) return false;
  return true;
}

/**
 * The first byte that ends an ASCII text, or is not ASCII: four at a turn, as one number. Of each of its bytes the
 * highest bit is set when the byte is not ASCII, or is a quote, a backslash or below 0x20, for then a subtraction
 * borrows. A borrow reaches only later bytes, so that the first is always right. The last bytes are read one by one.
 */
function endOfAscii(source: Uint8Array, view: DataView, start: number): number {
  let at = start;
  for (const last = source.length - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    const ends = (word | ((word ^ quotes) - ones) | ((word ^ backslashes) - ones) | (word - spaces)) & highestBits;
    if (ends !== 0) return at + ((31 - Math.clz32(ends & -ends)) >> 3);
  }
  while (endsAscii[source[at]!] === 0) at++;
  return at;
}

function readText(line: Line, source: Uint8Array, start: number, column: ReadColumn | undefined): number {
  let at = endOfAscii(source, line.view, start);
  if (column === undefined && source[at]! >= 0x80) {
    line.isAscii = false;
    while (endsText[source[at]!] === 0) at++;
  }
  if (source[at] !== quote) return -1;
  if (column === undefined) return at + 1;
  if (isText(column.kind)) {
    line.start[column.slot] = start;
    line.end[column.slot] = at;
    return at + 1;
  }
  if (column.kind !== kinds.time || at - start !== 24) return -1;
  const ms = plainTime(source, line.view, start);
  if (Number.isNaN(ms)) return -1;
  if (column.slot >= 0) line.value[column.slot] = ms;
  return at + 1;
}

function readNumber(line: Line, source: Uint8Array, start: number, to: number, column: ReadColumn | undefined): number {
  let at = start;
  let value = 0;
  for (let digit = source[at]! - zero; digit >= 0 && digit <= 9 && at < to; digit = source[++at]! - zero) {
    value = value * 10 + digit;
  }
  const length = at - start;
  if (length === 0 || length > 15 || (length > 1 && source[start] === zero)) return -1;
  let isWhole = true;
  if (source[at] === 0x2e) {
    isWhole = false;
    const fraction = ++at;
    for (let digit = source[at]! - zero; digit >= 0 && digit <= 9 && at < to; digit = source[++at]! - zero);
    if (at === fraction) return -1;
  }
  if (column === undefined) return at;
  if (column.kind === kinds.integer ? !isWhole : column.kind !== kinds.number) return -1;
  if (column.slot >= 0) line.value[column.slot] = value;
  return at;
}

const daysIn = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The date of the time before, `2026`, `-11-` and `-23T`, and its milliseconds: most times are of few days. */
const known = { year: 0, month: 0, day: 0, midnight: Number.NaN };

/**
 * The time 2026-11-23T08:00:00.000Z at `at`; NaN for what only looks like it, and for days that not all months have.
 */
function plainTime(source: Uint8Array, view: DataView, at: number): number {
  const year = view.getUint32(at, true);
  const month = view.getUint32(at + 4, true);
  const day = view.getUint32(at + 7, true);
  if (year !== known.year || month !== known.month || day !== known.day) {
    Object.assign(known, { year, month, day, midnight: midnightAt(source, at) });
  }
  const hour = two(source, at + 11);
  const minute = two(source, at + 14);
  const second = two(source, at + 17);
  const last = source[at + 22]! - zero;
  const isShape =
    source[at + 13] === colon && source[at + 16] === colon && source[at + 19] === 0x2e && source[at + 23] === 0x5a;
  if (!isShape || !(hour < 24 && minute < 60 && second < 60) || last < 0 || last > 9) return Number.NaN;
  return known.midnight + ((hour * 60 + minute) * 60 + second) * 1_000 + two(source, at + 20) * 10 + last;
}

/** Two digits; NaN when they are none. */
function two(source: Uint8Array, at: number): number {
  const tens = source[at]! - zero;
  const ones = source[at + 1]! - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function midnightAt(source: Uint8Array, at: number): number {
  const year = two(source, at) * 100 + two(source, at + 2);
  const month = two(source, at + 5);
  const day = two(source, at + 8);
  const isShape = source[at + 4] === 0x2d && source[at + 7] === 0x2d && source[at + 10] === 0x54;
  if (!isShape || !(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn[month - 1]!)) {
    return Number.NaN;
  }
  return Date.UTC(year, month - 1, day);
}
