function digitsOf(whole: number): number {
  let digits = 1;
  for (let rest = whole; rest >= 10; rest /= 10) digits += 1;
  return digits;
}

/**
 * How many characters JSON.stringify writes for a number; NaN where that does not tell its spelling: 1e2 has no more characters than 100, and
 * 5e-2 no more than 0.05.
 */
export function numberLength(value: number): number {
  if (Number.isInteger(value)) {
    if (value === 0) return 1;
    if (value % 100 === 0 || !Number.isSafeInteger(value)) return Number.NaN;
    return value > 0 ? digitsOf(value) : 1 + digitsOf(-value);
  }
  return Math.abs(value) < 0.1 ? Number.NaN : String(value).length;
}

/**
 * How many characters JSON.stringify writes for a value out of JSON.parse whose strings need no escapes: a text of that length without a
 * backslash has no key twice, no space and no number in another spelling. NaN where the length does not tell.
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
