/** A token bucket: `perSecond` on average, `burst` at once. `now` is in milliseconds. */
export function createTokenBucket({ perSecond, burst }: { perSecond: number; burst: number }, now: () => number) {
  let tokens = burst;
  let filledAt = now();
  return {
    take(): boolean {
      const time = now();
      tokens = Math.min(burst, tokens + (Math.max(0, time - filledAt) * perSecond) / 1000);
      filledAt = time;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
