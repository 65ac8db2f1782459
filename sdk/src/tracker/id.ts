import { attempt } from './attempt.js';

/** Random hexadecimal digits: the browser's cryptographic ones; where they are missing, others. */
export function randomHex(digits: number): string {
  const bytes = new Uint8Array(digits);
  const filled = attempt(() => crypto.getRandomValues(bytes));
  return Array.from(bytes, (byte) => ((filled ? byte : Math.random() * 16) & 15).toString(16)).join('');
}

/**
 * A maker of UUIDv7 (RFC 9562, 5.7). Each one is greater than the one before it, also when the clock jumps back: where the millisecond is taken, the next
 * one is (RFC 9562, 6.2, method 3), so a burst of a thousand runs a second ahead.
 */
export function createUuid7(hex = randomHex): (now: number) => string {
  let time = 0;
  return (now) => {
    time = Math.max(now, time + 1);
    // The version, and the variant.
    return `${time.toString(16).padStart(12, '0')}7${hex(3)}8${hex(15)}`.replace(
      /(.{8})(....)(....)(....)/,
      '$1-$2-$3-$4-',
    );
  };
}

/** An id of 20 characters for visitors, sessions and streams: the time, so that ids sort by age, then 48 random bits. */
export const shortId = (now: number, hex = randomHex): string => now.toString(36).padStart(8, '0') + hex(12);
