/** The value that `share` of the numbers do not exceed. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export const median = (numbers) => quantile(numbers, 0.5);

/** The mean of the middle half: a median for durations that a coarse timer has rounded to a few values. */
export function midmean(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.slice(Math.floor(sorted.length / 4), Math.ceil((sorted.length * 3) / 4));
  return middle.reduce((sum, number) => sum + number, 0) / middle.length;
}
