/**
 * Added to a length for each number whose length does not tell its spelling: 1e2 is not longer than 100, nor 5e-2
 * longer than 0.05. Search a text of that length for exponents as well.
 */
export const unclear = 2 ** 32;

function digitsOf(whole: number): number {
  let digits = 1;
  for (let rest = whole; rest >= 10; rest /= 10) digits += 1;
  return digits;
}

/**
 * The characters of a number as JSON.stringify writes it, plus `unclear`. NaN where a spelling without an exponent is
 * shorter, and for what is beyond the range of a double.
 */
export function numberLength(value: number): number {
  if (!Number.isInteger(value)) {
    if (!Number.isFinite(value)) return Number.NaN;
    // Prices, of at most 15 digits: no other spelling of the number is as short.
    const cents = Math.round(value * 100);
    if (cents >= 10 && cents < 1e15 && cents / 100 === value) {
      return digitsOf(Math.floor(value)) + (cents % 10 === 0 ? 2 : 3);
    }
    return String(value).length + (Math.abs(value) < 0.1 ? unclear : 0);
  }
  if (value === 0) return 1;
  if (Number.isSafeInteger(value) && value % 100 !== 0) return value > 0 ? digitsOf(value) : 1 + digitsOf(-value);
  // Beyond 2^53 a text may have other digits than its double, but the same number of them, except for nines that round
  // up.
  const text = String(value);
  return /^-?10{15}/.test(text) ? Number.NaN : text.length + unclear;
}

/**
 * The characters of a value from JSON.parse as JSON.stringify writes it, plus `unclear`, when its strings need no
 * escapes. A text of that length without a backslash or an exponent has no key twice, no space and no number in another
 * spelling. NaN where the length does not tell.
 */
export function jsonLength(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value === 'number') return numberLength(value);
  if (typeof value !== 'object' || value === null) return value === false ? 5 : 4;
  // The brackets, and a comma fewer than there are members.
  let length = 1;
  if (Array.isArray(value)) for (const inner of value) length += 1 + jsonLength(inner);
  else for (const key in value) length += key.length + 4 + jsonLength((value as Record<string, unknown>)[key]);
  return length === 1 ? 2 : length;
}

const exponent = /[:,[]-?[0-9.]+[eE]/;

/**
 * Whether JSON.stringify would write the same text, but for the order of keys and digits beyond 2^53. `length` is that
 * of its value.
 */
export function isAsWritten(text: string, length: number): boolean {
  if (text.length !== length && !(length > unclear && text.length === length % unclear && !exponent.test(text)))
    return false;
  return !text.includes('\\');
}
