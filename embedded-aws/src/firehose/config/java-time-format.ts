import { type WallTime, wallClock } from './wall-clock.js';

/**
 * `!{timestamp:…}`: patterns of Java's DateTimeFormatter, as far as prefixes use them: fields of date and time, quoted
 * text and punctuation.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export type TimeFormat = (instantMs: number) => string;

/** Firehose refuses the pattern. */
export class TimePatternError extends Error {}
/** Firehose takes the pattern, and this one does not. */
export class TimePatternNotSupported extends Error {}

/** Letters that Firehose was seen to refuse. */
const invalidLetters = new Set('CIJPRTUVbfijloprt');

const pad = (value: number, width: number) => String(value).padStart(width, '0');
const monthNames = 'January February March April May June July August September October November December'.split(' ');
const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

function offset(minutes: number): string {
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(absolute / 60), 2)}${pad(absolute % 60, 2)}`;
}

/** By letter: how wide it may be, and what it prints. */
const fields: Record<string, [widest: number, print: (time: WallTime, width: number) => string]> = {
  y: [4, ({ year }, width) => (width === 2 ? pad(year % 100, 2) : pad(year, width))],
  M: [
    4,
    ({ month }, width) =>
      width < 3 ? pad(month, width) : width === 3 ? monthNames[month - 1]!.slice(0, 3) : monthNames[month - 1]!,
  ],
  d: [2, ({ day }, width) => pad(day, width)],
  D: [3, ({ dayOfYear }, width) => pad(dayOfYear, width)],
  E: [4, ({ weekday }, width) => (width < 4 ? dayNames[weekday]!.slice(0, 3) : dayNames[weekday]!)],
  a: [1, ({ hour }) => (hour < 12 ? 'AM' : 'PM')],
  H: [2, ({ hour }, width) => pad(hour, width)],
  k: [2, ({ hour }, width) => pad(hour || 24, width)],
  K: [2, ({ hour }, width) => pad(hour % 12, width)],
  h: [2, ({ hour }, width) => pad(hour % 12 || 12, width)],
  m: [2, ({ minute }, width) => pad(minute, width)],
  s: [2, ({ second }, width) => pad(second, width)],
  Z: [1, ({ offsetMinutes }) => offset(offsetMinutes)],
};

/**
 * @param zone IANA's name of the time zone
 * @throws TimePatternError, TimePatternNotSupported
 */
export function compileTimePattern(pattern: string, zone = 'UTC'): TimeFormat {
  const parts: ((time: WallTime) => string)[] = [];
  const token = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/gy;
  let at = 0;
  for (const [text, quoted, letter] of pattern.matchAll(token)) {
    at += text.length;
    if (quoted !== undefined) {
      // A pair of quotes stands for one, within quoted text and on its own.
      const literal = quoted === '' ? "'" : quoted.replaceAll("''", "'");
      parts.push(() => literal);
    } else if (letter === undefined) parts.push(() => text);
    else {
      const [widest, print] = fields[letter] ?? [0];
      if (invalidLetters.has(letter)) throw new TimePatternError(letter);
      if (!print || text.length > widest) throw new TimePatternNotSupported(text);
      parts.push((time) => print(time, text.length));
    }
  }
  if (at !== pattern.length || at === 0) throw new TimePatternError(pattern.slice(at));
  const clock = wallClock(zone);
  let lastSecond = Number.NaN;
  let lastText = '';
  return (instantMs) => {
    // No pattern prints less than a second, and records of one second come together.
    const second = Math.floor(instantMs / 1000);
    if (second !== lastSecond) {
      const time = clock(second * 1000);
      lastText = parts.map((part) => part(time)).join('');
      lastSecond = second;
    }
    return lastText;
  };
}
