import { createRandom } from '@millrace/kit/seeded-random';

/** How many times the mean rate the rate is, at a time in milliseconds. */
export type RateCurve = (ms: number) => number;

/** The same rate all the time. */
export const steady: RateCurve = () => 1;

/** For two seconds each, 1.9 times the mean rate (two times of five) or 0.4 times. */
export function bursts(seed: string): RateCurve {
  const random = createRandom(`bursts ${seed}`);
  const factors: number[] = [];
  return (ms) => {
    const slot = Math.floor(ms / 2_000);
    while (factors.length <= slot) factors.push(random.chance(0.4) ? 1.9 : 0.4);
    return factors[slot]!;
  };
}

/** A day in `dayMs`, from night to night: a tenth of the mean rate at its quietest, 1.9 times at its busiest. */
export const dayCurve =
  (dayMs: number): RateCurve =>
  (ms) =>
    1 - 0.9 * Math.cos((2 * Math.PI * ms) / dayMs);
