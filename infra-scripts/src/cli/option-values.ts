import { InvalidArgumentError } from 'commander';

/** A whole number from `min` on, for an option or argument called `what`. */
export function wholeNumber(what: string, min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new InvalidArgumentError(`${what} is a whole number ${range}.`);
    }
    return value;
  };
}

/** A number above 0, or the word `max`. */
export function numberOrMax(what: string): (text: string) => number | 'max' {
  return (text) => {
    if (text === 'max') return 'max';
    const value = Number(text);
    if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError(`${what} is a number above 0, or max.`);
    return value;
  };
}

export function seconds(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= 0 && Number.isFinite(value))) {
      throw new InvalidArgumentError(`${what} is a number of seconds.`);
    }
    return value;
  };
}
