/** One event of a body, as it was sent. */
export interface SentLine {
  readonly text: string;
  /** Where its bytes can be stored as they are, with the server's fields put before the last brace; undefined where they cannot. */
  readonly bytes: LineBytes | undefined;
}

/** A line of valid UTF-8 without escapes, control characters, exponents or minus signs outside of its strings. */
export interface LineBytes {
  readonly body: Buffer;
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  readonly quotes: number;
  /** Decimal points outside of strings. */
  readonly points: number;
}

const found = { quotes: 0, points: 0 };

function count(value: unknown): void {
  if (typeof value === 'string') found.quotes += 2;
  else if (typeof value === 'number') {
    if (!Number.isInteger(value)) found.points += 1;
  } else if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) for (const inner of value) count(inner);
    else {
      for (const key in value) {
        found.quotes += 2;
        count((value as Record<string, unknown>)[key]);
      }
    }
  }
}

/**
 * Whether the bytes say what JSON.parse made of them, and nothing more, to every reader: no key is there twice (it would bring quotes that
 * the value lacks) and no whole number is written as a fraction (a reader of BIGINT would stumble over 1.0).
 */
export function isExact({ quotes, points }: LineBytes, value: object): boolean {
  found.quotes = 0;
  found.points = 0;
  count(value);
  return found.quotes === quotes && found.points === points;
}
