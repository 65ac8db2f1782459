import type { FailureKind } from '../sinks/sink.js';

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

/** How long a lane waits after a failure, in milliseconds. */
export const retries: Record<FailureKind, { base: number; cap: number }> = {
  throttled: { base: 50, cap: 1_000 },
  unreachable: { base: 50, cap: 5_000 },
  misconfigured: { base: 1_000, cap: 5_000 },
};
