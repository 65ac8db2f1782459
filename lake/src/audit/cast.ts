/**
 * A value of a JSON line as the text that DuckDB casts: null for null, for what is not there, and for what is nested so
 * deep that no text can be made of it.
 */
export function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

const decimal = /^\s*[+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

/** `try_cast(text AS DOUBLE)`: NaN where it is NULL, infinite where DuckDB has no number. */
export const toNumber = (text: string): number =>
  decimal.test(text)
    ? Number(text.replaceAll('_', ''))
    : /^[+-]?(inf(inity)?|nan)$/i.test(text)
      ? Infinity
      : Number.NaN;

/** `try_cast(text AS BIGINT)`, which rounds: NaN where it is NULL. Past 2^53 the nearest number. */
export function toInteger(text: string): number {
  const value = /^\s*0x[0-9a-f]+\s*$/i.test(text) ? Number(text) : toNumber(text);
  return Math.abs(value) < 2 ** 63 ? Math.sign(value) * Math.round(Math.abs(value)) : Number.NaN;
}

const time =
  /^(\d{4,6})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d*))?(?: UTC|Z|([+-])(\d{1,2})(?::?(\d{2}))?)?)?$/;

/**
 * `try_cast(text AS TIMESTAMPTZ)` in milliseconds since 1970: NaN where it is NULL. Of the spellings that DuckDB reads
 * it lacks zones by name, years before 1 and offsets with seconds, which nothing that writes events uses.
 */
export function toTime(text: string): number {
  const match = time.exec(text);
  if (match === null) return Number.NaN;
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const midnight = Date.UTC(year!, month! - 1, day);
  const isDate = new Date(midnight).getUTCMonth() === month! - 1 && day! > 0;
  const isTime = minute < 60 && second < 60 && (hour < 24 || (hour === 24 && minute === 0 && second === 0));
  if (!isDate || !isTime) return Number.NaN;
  const ms = Math.floor(Number(`0.${match[7] || 0}`) * 1_000 + 1e-9);
  const offset = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * (match[8] === '-' ? -1 : 1);
  return midnight + ((hour * 60 + minute - offset) * 60 + second) * 1_000 + ms;
}
