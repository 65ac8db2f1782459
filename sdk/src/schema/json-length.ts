/**
 * Added to a length for each number whose spelling it does not tell: 1e2 has no more characters than 100, and 5e-2 no more than 0.05. A text
 * of that length is to be searched for exponents as well.
 */
export const unclear = 2 ** 32;

function digitsOf(whole: number): number {
  let digits = 1;
  for (let rest = whole; rest >= 10; rest /= 10) digits += 1;
  return digits;
}

/** How many characters JSON.stringify writes for a number, with `unclear`; NaN where that is more than some spelling without an exponent has. */
export function numberLength(value: number): number {
  if (!Number.isInteger(value)) {
    // As prices are: of at most 15 digits, which are then the only ones so short that mean this number.
    const cents = Math.round(value * 100);
    if (cents >= 10 && cents < 1e15 && cents / 100 === value) {
      return digitsOf(Math.floor(value)) + (cents % 10 === 0 ? 2 : 3);
    }
    return String(value).length + (Math.abs(value) < 0.1 ? unclear : 0);
  }
  if (value === 0) return 1;
  if (Number.isSafeInteger(value) && value % 100 !== 0) return value > 0 ? digitsOf(value) : 1 + digitsOf(-value);
  // Past 2^53 a text may have other digits than the double that it became, but as many; only nines can become one digit more.
  const text = String(value);
  return /^-?10{15}/.test(text) ? Number.NaN : text.length + unclear;
}

/**
 * How many characters JSON.stringify writes for a value out of JSON.parse whose strings need no escapes, with `unclear`: a text of that length
 * without a backslash or an exponent has no key twice, no space and no number in another spelling. NaN where the length does not tell.
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

/** Whether a text is as JSON.stringify writes what it says, but for the order of keys and digits past 2^53. `length` is its value's. */
export function isAsWritten(text: string, length: number): boolean {
  if (text.length !== length && !(length > unclear && text.length === length % unclear && !exponent.test(text)))
    return false;
  return !text.includes('\\');
}
