import { settleMs } from '../bounds.js';
import { attempt } from '../browser/attempt.js';
import { split } from '../browser/builtins.js';
import { random } from '../browser/random.js';
import { sleep } from '../browser/sleep.js';
import type { Store } from '../browser/store.js';

/**
 * Runs `work` while no other tab does, waiting for its turn. Does not run it when `signal` is aborted first. `pageExit`
 * gives `work` the signal, too.
 */
export type Lock = (work: (signal?: AbortSignal) => Promise<void>, signal?: AbortSignal) => Promise<void>;

/**
 * A lease ends after this long without a renewal. Renewals come four times as often; hidden tabs get a timer a second.
 */
const leaseMs = 2000;
const renewMs = 500;

/**
 * A lease in the shared storage, for browsers and pages (plain http) without Web Locks. It can let two tabs in when one
 * stalls: that costs a duplicate.
 * @param me the tab's own id
 * @param now milliseconds since 1970
 */
export function createLease(store: Store, me: string, now: () => number): Lock {
  const take = () => store._set('l', `${me}.${now() + leaseMs}`);
  const holder = () => {
    const [owner, until = 0] = split(store._get('l') ?? '', '.');
    const left = +until - now();
    return left > 0 && left <= leaseMs ? owner : undefined;
  };

  return async (work, signal) => {
    while (!signal?.aborted) {
      if (holder() === undefined) {
        take();
        // Two tabs that see a free lease both write. After this each sees which of them wrote last.
        await sleep(settleMs);
        if (holder() === me) break;
      }
      await sleep(renewMs * (0.5 + random()));
    }
    if (signal?.aborted) return;
    const renewal = setInterval(() => attempt(take), renewMs);
    try {
      await work();
    } finally {
      clearInterval(renewal);
      if (holder() === me) store._remove('l');
    }
  };
}

/** The browser's Web Locks, which a tab that dies gives up at once. Without them `otherwise` locks. */
export function createLock(name: string, otherwise: { _lease: Lock }): Lock {
  return async (work, signal) => {
    try {
      await navigator.locks.request(name, { signal } as LockOptions, () => work());
    } catch {
      // Also when the work failed: then it is tried once more.
      if (!signal?.aborted) await otherwise._lease(work, signal);
    }
  };
}
