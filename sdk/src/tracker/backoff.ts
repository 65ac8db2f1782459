import type { Store } from './store.js';

/**
 * A random time ("full jitter") up to six times as long as the server has failed by now, so the pauses grow by themselves, and a short trouble never has a long
 * pause after it. Ten minutes of failures see about seven requests from an origin, and more than twelve in one of two thousand outages.
 */
const growth = 6;
const firstMs = 4000;
const maxMs = 8 * 60 * 1000;
/** A server that asks for more than this is not believed. */
const maxRetryAfterMs = 60 * 60 * 1000;
/** `Retry-After` in milliseconds, from seconds or an HTTP date (RFC 9110, 10.2.3); NaN or nothing positive when it asks for nothing. */
export const parseRetryAfter = (header: string | null | undefined, now: number): number =>
  Math.min(+header! * 1000 || Date.parse(header!) - now, maxRetryAfterMs);

/** How long to wait when the server has failed for `failingMs`. `random` is from [0, 1). */
export const delayAfter = (failingMs: number, random: number): number =>
  random * Math.min(maxMs, Math.max(firstMs, growth * failingMs));

export interface Backoff {
  /** Milliseconds until the next try is allowed. */
  wait(now: number): number;
  /** Until when to wait, after how many failures, whether the server asked for it (1), how long, and since when it fails. */
  read(): number[];
  failed(now: number, retryAfter?: string | null): void;
  succeeded(): void;
}

/** The pause between tries, stored, so that all tabs and the next page keep to it. */
export function createBackoff(store: Store, random: () => number): Backoff {
  const read = () => (store.get('w') || '').split(',').map((part) => +part || 0);
  return {
    read,
    wait(now) {
      const [until = 0, , , pause = 0] = read();
      const left = until - now;
      // More than the whole pause: the clock was set since.
      return left > pause + 1 ? 0 : Math.max(0, left);
    },
    failed(now, retryAfter) {
      const [, failures = 0, , , since] = read();
      const asked = parseRetryAfter(retryAfter, now);
      // Whole crowds are asked to come back at the same moment, so they come up to a tenth later.
      const pause = asked > 0 ? asked * (1 + random() / 10) : delayAfter(now - (since || now), random());
      store.set('w', [now + pause, failures + 1, +(asked > 0), pause, since || now].join());
    },
    succeeded: () => store.remove('w'),
  };
}
