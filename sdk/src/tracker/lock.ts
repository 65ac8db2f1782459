import { attempt } from './attempt.js';
import { settleMs } from './bounds.js';
import { shortId } from './id.js';
import type { Part } from './plugin.js';
import { sleep } from './sleep.js';
import type { Store } from './store.js';

/** Runs `work` while no other tab does, waiting for its turn; does not run it when `signal` is aborted first. */
export type Lock = (work: () => Promise<void>, signal?: AbortSignal) => Promise<void>;

/** Without news from its holder a lease ends after this. The holder renews it four times as often; hidden tabs get one timer a second. */
const leaseMs = 2000;
const renewMs = 500;

/** A lease in the shared storage, for browsers and pages (plain http) without Web Locks. Can let two in when a tab stalls: that costs a duplicate. */
export function createLease(store: Store, me: string, now: () => number): Lock {
  const take = () => store.set('l', `${me}.${now() + leaseMs}`);
  const holder = () => {
    const [owner, until = 0] = (store.get('l') ?? '').split('.');
    const left = +until - now();
    return left > 0 && left <= leaseMs ? owner : undefined;
  };

  return async (work, signal) => {
    while (!signal?.aborted) {
      if (holder() === undefined) {
        take();
        // Two tabs that see a free lease both write; now each sees which of them was last.
        await sleep(settleMs);
        if (holder() === me) break;
      }
      await sleep(renewMs * (0.5 + Math.random()));
    }
    if (signal?.aborted) return;
    const renewal = setInterval(() => attempt(take), renewMs);
    try {
      await work();
    } finally {
      clearInterval(renewal);
      if (holder() === me) store.remove('l');
    }
  };
}

/** The browser's Web Locks, which a tab that dies gives up at once; else another lock. */
export const createLock =
  (name: string, otherwise: { lease: Lock }): Lock =>
  async (work, signal) => {
    try {
      await navigator.locks.request(name, { signal } as LockOptions, work);
    } catch {
      // Also when the work failed: then it is tried once more.
      if (!signal?.aborted) await otherwise.lease(work, signal);
    }
  };

/** The lease as a part of the tracker. */
export const lease: Part<void> = (inside) => {
  inside.lease = createLease(inside.store, shortId(Date.now()), Date.now);
};
