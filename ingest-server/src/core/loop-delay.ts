import type { Clock } from './clock.js';

const tickMs = 10;
/** How fast a delay that is over is forgotten: by half in about 35 ms. */
const forget = 0.8;

export interface LoopDelay {
  /** How late the event loop is, in milliseconds: recent delays, fading, or the one that lasts. */
  now(): number;
  stop(): void;
}

/**
 * Watches how late timers fire. What waits in the loop has waited for about as long, unseen by any handler, so this is the queue in front of
 * the server.
 */
export function watchLoopDelay(clock: Clock): LoopDelay {
  let expected = clock.now() + tickMs;
  let recent = 0;
  let cancel: () => void;
  const tick = () => {
    const now = clock.now();
    recent = Math.max(now - expected, recent * forget);
    expected = now + tickMs;
    cancel = clock.after(tickMs, tick);
  };
  cancel = clock.after(tickMs, tick);
  return {
    now: () => Math.max(recent, clock.now() - expected),
    stop: () => cancel(),
  };
}

/**
 * Whether to refuse one more request. From half the limit on some are refused, from the limit on all, so that the server settles where it
 * does as much as it can, instead of swinging between all and none.
 */
export function sheds(delayMs: number, limitMs: number, random: () => number): boolean {
  const from = limitMs / 2;
  return delayMs > from && random() < (delayMs - from) / (limitMs - from);
}
