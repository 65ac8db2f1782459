import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks, in milliseconds: short waits end soon, and long ones cost little. */
const pauses = { first: 50, factor: 1.5, most: 200 };

/**
 * Asks again until the answer is neither false nor undefined, and returns it. What the check throws ends the wait at
 * once. `limitMs` is for a loaded machine, not an expectation.
 */
export async function eventually<Answer>(
  what: string,
  check: () => Answer | Promise<Answer>,
  limitMs = 60_000,
): Promise<Exclude<Answer, false | undefined>> {
  const end = Date.now() + limitMs;
  for (let pause = pauses.first; ; pause = Math.min(pause * pauses.factor, pauses.most)) {
    const answer = await check();
    if (answer !== false && answer !== undefined) return answer as Exclude<Answer, false | undefined>;
    if (Date.now() > end) throw new Error(`timed out after ${limitMs / 1000} s waiting for ${what}`);
    await sleep(pause);
  }
}
