/**
 * Capped exponential back-off with full jitter: after failure number `attempts` (from 1), a wait anywhere between 0 and
 * `base` · 2^(attempts-1), at most `cap`, in milliseconds.
 */
export function backoffMs(
  attempts: number,
  random: () => number,
  { base, cap }: { base: number; cap: number },
): number {
  return random() * Math.min(cap, base * 2 ** Math.min(attempts - 1, 30));
}
