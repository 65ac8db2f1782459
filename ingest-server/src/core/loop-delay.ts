import type { Clock } from './clock.js';

const tickMs = 10;
/** Turns that are all long for so long are no burst and no pause of the garbage collector: more comes than can be done. */
const settlesMs = 50;
/** Under overload a turn may be so much shorter: an accepted request needs three or four of them until it is answered. */
const strictShare = 0.2;

export interface LoopDelay {
  /** Whether to refuse a request that is looked at now. */
  sheds(random: () => number): boolean;
  stop(): void;
}

/**
 * Watches how late timers fire, once a turn of the event loop. What arrives during a turn waits until it ends, unseen by any handler, so a long
 * turn is the queue in front of the server. Each takes requests until it has lasted too long and refuses those that are left, which is quick,
 * so that the next one begins soon.
 *
 * How long is too long depends, as in CoDel: one burst may take `limitMs`, for it ends by itself. Once every turn has been long for a while the
 * queue stands, and all that a longer turn does is to let everybody wait longer. Then a turn also refuses what waited too long during the one
 * before; without overload what has waited is taken.
 */
export function watchLoopDelay(clock: Clock, limitMs: number): LoopDelay {
  let expected = clock.now() + tickMs;
  let previousMs = 0;
  let isOverload = false;
  /** When a turn last ended that was long in overload, or short without it. */
  let confirmedAt = clock.now();
  let cancel: () => void;
  const tick = () => {
    const now = clock.now();
    previousMs = now - expected;
    const isLong = previousMs > (limitMs * strictShare) / 2;
    // One turn alone proves nothing, however long it was: what counts is how long it had been so when it began.
    if (isLong === isOverload) confirmedAt = now;
    else if (expected - tickMs - confirmedAt >= settlesMs) {
      isOverload = isLong;
      confirmedAt = now;
    }
    expected = now + tickMs;
    cancel = clock.after(tickMs, tick);
  };
  cancel = clock.after(tickMs, tick);
  return {
    sheds(random) {
      const delayMs = clock.now() - expected;
      if (!isOverload) return sheds(delayMs, limitMs, random);
      return sheds(delayMs, limitMs * strictShare, random) || sheds(previousMs, limitMs, random);
    },
    stop: () => cancel(),
  };
}

/**
 * From half the limit on some are refused, from the limit on all, so that the server settles where it does as much as it can, instead of
 * swinging between all and none.
 */
export function sheds(delayMs: number, limitMs: number, random: () => number): boolean {
  const from = limitMs / 2;
  return delayMs > from && random() < (delayMs - from) / (limitMs - from);
}
