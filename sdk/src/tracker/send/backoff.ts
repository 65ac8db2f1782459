import { join, map, max, min, split } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';

/**
 * Each pause is random ("full jitter"), up to eight times as long as the server has failed by now. So pauses grow by
 * themselves, and a short outage never leaves a long pause. In ten minutes of failures an origin sends about six
 * requests, and more than twelve in one of twenty thousand outages.
 */
const growth = 8;
const firstMs = 12_000;
/** After this many failures in a row, a page that starts or is left no longer tries without waiting. */
export const manyFailures = 5;
const maxMs = 8 * 60 * 1000;
/** A longer Retry-After is cut to this. */
const maxRetryAfterMs = 60 * 60 * 1000;

/**
 * `Retry-After` in milliseconds, from seconds or an HTTP date (RFC 9110, 10.2.3); NaN or not positive when it asks for
 * nothing.
 */
export const parseRetryAfter = (header: string | null | undefined, now: number): number =>
  min(+header! * 1000 || Date.parse(header!) - now, maxRetryAfterMs);

/** The pause in milliseconds when the server has failed for `failingMs`. `random` is from [0, 1). */
export const delayAfter = (failingMs: number, random: number): number =>
  random * min(maxMs, max(firstMs, growth * failingMs));

/** The pause between tries. Times are in milliseconds since 1970. */
export interface Backoff {
  /**
   * Milliseconds until the next try may begin.
   * @param urgent `manyFailures` where a page starts or is left, because the visitor may not wait: after fewer failures
   * in a row there is no pause, unless the server asked for one
   */
  _wait(now: number, urgent?: number): number;
  _failed(now: number, retryAfter?: string | null): void;
  _succeeded(): void;
}

/** Keeps the pause in the store, so that all tabs and the next page observe it. `random` is from [0, 1). */
export function createBackoff(store: Store, random: () => number): Backoff {
  /** When the pause ends, after how many failures, how long it is, and since when the server fails. */
  const read = () => map(split(store._get('w') || '', ','), (part) => +part || 0);
  return {
    _wait(now, urgent) {
      const [until, failures, pause] = read() as [number, number, number];
      const left = until - now;
      // More than the whole pause: the clock was set since.
      return left < 0 || left > pause + 1 || failures < urgent! ? 0 : left;
    },
    _failed(now, retryAfter) {
      const [, failures = 0, , since = now] = read();
      const asked = parseRetryAfter(retryAfter, now);
      const isAsked = asked > 0;
      // A server asks many to come back at the same moment, so they come up to a tenth later.
      const pause = isAsked ? asked * (1 + random() / 10) : delayAfter(now - since, random());
      // `manyFailures`, so that nobody cuts short what the server asked for.
      store._set('w', join([now + pause, failures + (isAsked ? manyFailures : 1), pause, since]));
    },
    _succeeded: () => store._remove('w'),
  };
}
