import { InvalidArgumentError } from 'commander';

type Parse<Value> = (text: string) => Value;

function number(text: string, isValid: (value: number) => boolean, message: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || !isValid(value)) throw new InvalidArgumentError(message);
  return value;
}

/** A whole number from `min` to `max`, for an option or argument called `what`. */
export function wholeNumber(what: string, min: number, max = Number.MAX_SAFE_INTEGER): Parse<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return (text) =>
    number(
      text,
      (value) => Number.isInteger(value) && value >= min && value <= max,
      `${what} is a whole number ${range}.`,
    );
}

/** A number from `min` to `max` in steps of 0.5. */
export function halves(what: string, min: number, max: number): Parse<number> {
  return (text) =>
    number(
      text,
      (value) => Number.isInteger(2 * value) && value >= min && value <= max,
      `${what} is a number from ${min} to ${max} in steps of 0.5.`,
    );
}

/** A number above 0. */
export function numberAbove0(what: string): Parse<number> {
  return (text) => number(text, (value) => value > 0, `${what} is a number above 0.`);
}

/** A number above 0, or the word `max`. */
export function numberOrMax(what: string): Parse<number | 'max'> {
  return (text) => (text === 'max' ? text : number(text, (value) => value > 0, `${what} is a number above 0, or max.`));
}

/** A number of at least 0. */
export function numberFrom0(what: string): Parse<number> {
  return (text) => number(text, (value) => value >= 0, `${what} is a number of at least 0.`);
}

/** A number of seconds, of at least 0. */
export function seconds(what: string): Parse<number> {
  return (text) => number(text, (value) => value >= 0, `${what} is a number of seconds.`);
}

/** A moment as 2026-11-23 or 2026-11-23T08:00:00Z, in UTC unless it says otherwise: milliseconds since 1970. */
export function moment(what: string): Parse<number> {
  return (text) => {
    const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
    const hasZone = /([zZ]|[+-]\d\d:?\d\d)$/.test(text);
    const time = /^\d{4}-\d\d-\d\d([T ]|$)/.test(text) ? Date.parse(isDate || hasZone ? text : `${text}Z`) : Number.NaN;
    if (Number.isNaN(time)) {
      throw new InvalidArgumentError(`${what} is a time like 2026-11-23 or 2026-11-23T08:00:00Z.`);
    }
    return time;
  };
}
