/**
 * `!{timestamp:…}`: patterns of Java's DateTimeFormatter, as far as prefixes use them: digits of year, month, day, hour, minute, second,
 * quoted text and punctuation. UTC.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export type TimeFormat = (instantMs: number) => string;

/** Firehose refuses the pattern. */
export class TimePatternError extends Error {}
/** Firehose takes the pattern, and this one does not yet. */
export class TimePatternNotSupported extends Error {}

/** Letters that Firehose was seen to refuse. */
const invalidLetters = new Set('CIJPRTUVbfijloprt');

const pad = (value: number, width: number) => String(value).padStart(width, '0');

const fields: Record<string, (time: Date, width: number) => string> = {
  y: (time, width) => (width === 2 ? pad(time.getUTCFullYear() % 100, 2) : pad(time.getUTCFullYear(), width)),
  M: (time, width) => pad(time.getUTCMonth() + 1, width),
  d: (time, width) => pad(time.getUTCDate(), width),
  H: (time, width) => pad(time.getUTCHours(), width),
  m: (time, width) => pad(time.getUTCMinutes(), width),
  s: (time, width) => pad(time.getUTCSeconds(), width),
};

/** @throws TimePatternError, TimePatternNotSupported */
export function compileTimePattern(pattern: string): TimeFormat {
  const parts: ((time: Date) => string)[] = [];
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
      const field = fields[letter];
      if (invalidLetters.has(letter)) throw new TimePatternError(letter);
      if (!field || text.length > (letter === 'y' ? 4 : 2)) throw new TimePatternNotSupported(text);
      parts.push((time) => field(time, text.length));
    }
  }
  if (at !== pattern.length || at === 0) throw new TimePatternError(pattern.slice(at));
  let lastSecond = Number.NaN;
  let lastText = '';
  return (instantMs) => {
    // Nothing finer than a second is printed, and records of one second come together.
    const second = Math.floor(instantMs / 1000);
    if (second !== lastSecond) {
      const time = new Date(second * 1000);
      lastText = parts.map((part) => part(time)).join('');
      lastSecond = second;
    }
    return lastText;
  };
}
