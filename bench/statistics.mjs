// The statistics of all benches.

/** The value that `share` of the numbers do not exceed; 0 where there are none. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export const median = (numbers) => quantile(numbers, 0.5);

/** The mean of the middle half: a median for durations that a coarse timer has rounded to a few values. */
export function midmean(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.slice(Math.floor(sorted.length / 4), Math.ceil((sorted.length * 3) / 4));
  return middle.reduce((sum, number) => sum + number, 0) / middle.length;
}

export const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** Rounded to `digits` after the point. */
export const round = (number, digits = 0) => Number(number.toFixed(digits));
