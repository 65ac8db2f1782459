import type { Store } from './store.js';

/** After the n-th failure in a row: a random time up to this, doubled each time ("full jitter"). */
const baseMs = 1000;
const maxMs = 5 * 60 * 1000;
/** A server that asks for more than this is not believed. */
const maxRetryAfterMs = 60 * 60 * 1000;

/** `Retry-After` in milliseconds, from seconds or an HTTP date (RFC 9110, 10.2.3); undefined when it cannot be read. */
export function parseRetryAfter(header: string | null | undefined, now: number): number | undefined {
  if (!header) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}

/** How long to wait after `failures` failures in a row. `random` is from [0, 1). */
export function delayAfter(failures: number, random: number): number {
  return random * Math.min(maxMs, baseMs * 2 ** failures);
}

export interface Backoff {
  /** Milliseconds until the next try is allowed. */
  wait(now: number): number;
  /** The same, but only what the server asked for counts: for a page that has no later. */
  waitAsked(now: number): number;
  failed(now: number, retryAfter?: string | null): void;
  succeeded(): void;
}

/** The pause between tries, stored, so that all tabs and the next page keep to it. */
export function createBackoff(store: Store, random: () => number): Backoff {
  const read = () => (store.get('w') ?? '').split('.').map((part) => Number(part) || 0);

  function wait(now: number, asked: boolean): number {
    const [until = 0, , byServer] = read();
    const left = asked && !byServer ? 0 : until - now;
    // A moment that lies further ahead than any pause was stored by a clock that was wrong.
    return left > maxRetryAfterMs * 1.1 ? 0 : Math.max(0, left);
  }

  return {
    wait: (now) => wait(now, false),
    waitAsked: (now) => wait(now, true),
    failed(now, retryAfter) {
      const failures = read()[1]! + 1 || 1;
      const asked = parseRetryAfter(retryAfter, now);
      // Whole crowds are asked to come back at the same moment, so they come up to a tenth later.
      const pause = asked === undefined ? delayAfter(failures, random()) : asked * (1 + random() / 10);
      store.set('w', [Math.ceil(now + pause), failures, asked === undefined ? 0 : 1].join('.'));
    },
    succeeded() {
      if (store.get('w') !== undefined) store.remove('w');
    },
  };
}
