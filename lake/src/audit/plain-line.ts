import { isUtf8 } from 'node:buffer';
import { type Line, type ReadColumn, readColumns } from './line.js';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const zero = 0x30;

/** Bytes that end a text, or that it cannot have as they are; in an ASCII text, what is not ASCII too. */
const endsText = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte < 0x20 || byte === quote || byte === 0x5c));
const endsAscii = endsText.map((ends, byte) => (byte < 0x80 ? ends : 1));

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** Keys by length and first and last letter, so that one comparison finds a column. */
const byShape: (readonly { bytes: Buffer; column: ReadColumn }[] | undefined)[] = [];
const shape = (length: number, first: number, last: number) => (length * 31 + first * 7 + last * 3) & 1023;
for (const column of readColumns) {
  if (column.slot < 0 && (column.kind === 'text' || column.kind === 'json')) continue;
  const bytes = Buffer.from(column.name);
  const at = shape(bytes.length, bytes[0]!, bytes.at(-1)!);
  byShape[at] = [...(byShape[at] ?? []), { bytes, column }];
}

function columnOf(source: Uint8Array, start: number, end: number): ReadColumn | undefined {
  const candidates = byShape[shape(end - start, source[start]!, source[end - 1]!)];
  if (candidates === undefined) return undefined;
  for (const { bytes, column } of candidates) {
    let at = 0;
    if (bytes.length !== end - start) continue;
    while (at < bytes.length && bytes[at] === source[start + at]) at++;
    if (at === bytes.length) return column;
  }
  return undefined;
}

/** A key as it stood at its place in the line before: lines of one object mostly have the same keys. */
interface KnownKey {
  /** With its quotes and colon. */
  bytes: Uint8Array;
  column: ReadColumn | undefined;
}
const mostKept = 64;
const layout: (KnownKey | undefined)[] = [];

/**
 * Reads a line of the one shape that our own writers make: one flat object, no space between its parts, no escape in a
 * text, whole numbers of at most 15 digits and decimals, times as 2026-11-23T08:00:00.000Z. Of every other line it says
 * false, and `JSON.parse` must judge: escapes, nested values, spaces, null, other numbers and spellings, and what is no
 * JSON. A byte below 0x20 follows the line, at `to`.
 */
export function readPlainLine(line: Line, source: Uint8Array, from: number, to: number): boolean {
  line.clear(source);
  let at = from;
  if (source[at++] !== 0x7b) return false;
  for (let place = 0; ; place++) {
    let key = layout[place];
    if (key === undefined || !isAt(key.bytes, source, at)) {
      key = keyAt(source, at);
      if (key === undefined) return false;
      if (place < mostKept) layout[place] = key;
    }
    at = readValue(line, source, at + key.bytes.length, to, key.column);
    if (at < 0 || at >= to) return false;
    const next = source[at++];
    if (next === comma) continue;
    return next === 0x7d && at === to && (line.isAscii || isUtf8(source.subarray(from, to)));
  }
}

function isAt(bytes: Uint8Array, source: Uint8Array, at: number): boolean {
  for (let n = 0; n < bytes.length; n++) if (bytes[n] !== source[at + n]) return false;
  return true;
}

function keyAt(source: Uint8Array, at: number): KnownKey | undefined {
  if (source[at] !== quote) return undefined;
  let end = at + 1;
  while (endsAscii[source[end]!] === 0) end++;
  if (source[end] !== quote || source[end + 1] !== colon) return undefined;
  const column = end > at + 1 ? columnOf(source, at + 1, end) : undefined;
  return { bytes: source.slice(at, end + 2), column };
}

/** Reads the value that begins at `at`; the place after it, or -1. */
function readValue(line: Line, source: Uint8Array, at: number, to: number, column: ReadColumn | undefined): number {
  const first = source[at]!;
  if (first === quote) return readText(line, source, at + 1, column);
  if (first - zero >= 0 && first - zero <= 9) return readNumber(line, source, at, to, column);
  if (column !== undefined && column.kind !== 'boolean') return -1;
  for (const word of first === 0x6e && column !== undefined ? [] : words) {
    let length = 0;
    while (length < word.length && source[at + length] === word[length]) length++;
    if (length === word.length) return at + length;
  }
  return -1;
}

function readText(line: Line, source: Uint8Array, start: number, column: ReadColumn | undefined): number {
  let at = start;
  while (endsAscii[source[at]!] === 0) at++;
  if (column === undefined && source[at]! >= 0x80) {
    line.isAscii = false;
    while (endsText[source[at]!] === 0) at++;
  }
  if (source[at] !== quote) return -1;
  if (column === undefined) return at + 1;
  if (column.kind === 'text' || column.kind === 'json') {
    line.start[column.slot] = start;
    line.end[column.slot] = at;
    return at + 1;
  }
  if (column.kind !== 'time' || at - start !== 24) return -1;
  const ms = plainTime(source, start);
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
  if (column.kind === 'integer' ? !isWhole : column.kind !== 'number') return -1;
  if (column.slot >= 0) line.value[column.slot] = value;
  return at;
}

const daysIn = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/**
 * The time 2026-11-23T08:00:00.000Z at `at`; NaN for what only looks like it, and for days that not all months have.
 */
function plainTime(source: Uint8Array, at: number): number {
  const two = (place: number) => {
    const tens = source[at + place]! - zero;
    const ones = source[at + place + 1]! - zero;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
  };
  const isShape =
    source[at + 4] === 0x2d &&
    source[at + 7] === 0x2d &&
    source[at + 10] === 0x54 &&
    source[at + 13] === colon &&
    source[at + 16] === colon &&
    source[at + 19] === 0x2e &&
    source[at + 23] === 0x5a;
  const year = two(0) * 100 + two(2);
  const month = two(5);
  const day = two(8);
  const hour = two(11);
  const minute = two(14);
  const second = two(17);
  const last = source[at + 22]! - zero;
  const isMoment =
    month >= 1 && month <= 12 && day >= 1 && day <= daysIn[month - 1]! && hour < 24 && minute < 60 && second < 60;
  if (!isShape || !isMoment || year < 1970 || last < 0 || last > 9) return Number.NaN;
  const years = year - 1970;
  const leapDays = Math.floor((year - 1) / 4) - Math.floor((year - 1) / 100) + Math.floor((year - 1) / 400) - 477;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = years * 365 + leapDays + daysBefore[month - 1]! + (isLeap && month > 2 ? 1 : 0) + day - 1;
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + two(20) * 10 + last;
}
