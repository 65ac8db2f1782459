import type { Store } from './store.js';

/**
 * A random time ("full jitter") up to eight times as long as the server has failed by now, so the pauses grow by themselves, and a short trouble never has a long
 * pause after it. Ten minutes of failures see about six requests from an origin, and more than twelve in one of twenty thousand outages.
 */
const growth = 8;
const firstMs = 12_000;
/** So many failures in a row are no passing trouble: a page that begins or is left tries no more on its own account. */
export const hopeless = 5;
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
  /**
   * Milliseconds until the next try is allowed.
   * @param urgent `hopeless` where a page begins or is left, because the visitor may not wait: after fewer failures in a row there is no pause, but for
   * one that the server asked for
   */
  wait(now: number, urgent?: number): number;
  failed(now: number, retryAfter?: string | null): void;
  succeeded(): void;
}

/** The pause between tries, stored, so that all tabs and the next page keep to it. */
export function createBackoff(store: Store, random: () => number): Backoff {
  /** Until when to wait, after how many failures, how long, and since when it fails. */
  const read = () => (store.get('w') || '').split(',').map((part) => +part || 0);
  return {
    wait(now, urgent) {
      const [until, failures, pause] = read() as [number, number, number];
      const left = until - now;
      // More than the whole pause: the clock was set since.
      return left < 0 || left > pause + 1 || failures < urgent! ? 0 : left;
    },
    failed(now, retryAfter) {
      const [, failures = 0, , since = now] = read();
      const asked = parseRetryAfter(retryAfter, now);
      const isAsked = asked > 0;
      // Whole crowds are asked to come back at the same moment, so they come up to a tenth later.
      const pause = isAsked ? asked * (1 + random() / 10) : delayAfter(now - since, random());
      // What the server asks for, nobody cuts short.
      store.set('w', [now + pause, failures + (isAsked ? hopeless : 1), pause, since].join());
    },
    succeeded: () => store.remove('w'),
  };
}
