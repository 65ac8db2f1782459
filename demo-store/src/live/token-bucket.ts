/** Lets `perSecond` through on average and `burst` at once. */
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
