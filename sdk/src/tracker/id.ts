import { attempt } from './attempt.js';

/** A random UUID: the browser's own; on plain http, where it has none, of ordinary random numbers. */
export const randomUuid = (): string =>
  attempt(() => crypto.randomUUID()) ??
  '........-....-4...-8...-............'.replace(/\./g, () => Math.floor(Math.random() * 16).toString(16));

/**
 * A maker of UUIDv7 (RFC 9562, 5.7). Each one is greater than the one before it, also when the clock jumps back: where the millisecond is taken, the next
 * one is (RFC 9562, 6.2, method 3), so a burst of a thousand runs a second ahead.
 */
export function createUuid7(): (now: number) => string {
  let time = 0;
  return (now) => {
    time = Math.max(now, time + 1);
    const ms = time.toString(16).padStart(12, '0');
    // All but the time and the version is as in a random one.
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUuid().slice(15)}`;
  };
}

/** An id of 20 characters for visitors, sessions and streams: the time, so that ids sort by age, then 48 random bits in hexadecimal digits. */
export const shortId = (now: number): string => now.toString(36).padStart(8, '0') + randomUuid().slice(24);
