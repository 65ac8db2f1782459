import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again until the answer is neither false nor undefined, and returns it. What the check throws ends the wait at
 * once. The limit is for a loaded machine, not an expectation.
 */
export async function eventually<Answer>(
  what: string,
  check: () => Answer | Promise<Answer>,
  limitMs = 60_000,
): Promise<Exclude<Answer, false | undefined>> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await check();
    if (answer !== false && answer !== undefined) return answer as Exclude<Answer, false | undefined>;
    if (Date.now() > end) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await sleep(100);
  }
}
