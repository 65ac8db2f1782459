/** Random hexadecimal digits, at most 13. Nothing here is a secret, and a page on plain http has no `crypto.randomUUID`. */
const hex = (digits: number): string =>
  Math.random()
    .toString(16)
    .slice(2, digits + 2)
    .padEnd(digits, '0');

/**
 * A maker of UUIDv7 (RFC 9562, 5.7). Each one is greater than the one before it, also when the clock jumps back: where the millisecond is taken, the next
 * one is (RFC 9562, 6.2, method 3), so a burst of a thousand runs a second ahead. The random bits are the maker's, drawn once: no two of its times are the
 * same, and drawing them at each event would be a tenth of the event's cost.
 */
export function createUuid7(): (now: number) => string {
  let time = 0;
  const random = `7${hex(3)}-8${hex(3)}-${hex(12)}`;
  return (now) => {
    time = Math.max(now, time + 1);
    // Eleven digits from 2004 to 2527.
    const ms = `0${time.toString(16)}`;
    return `${ms.slice(0, 8)}-${ms.slice(8)}-${random}`;
  };
}

/** An id of 20 characters for visitors, sessions and streams: the time (8 characters from 1972 to 2059), so that ids sort by age, then 48 random bits in hexadecimal digits. */
export const shortId = (now: number): string => now.toString(36) + hex(12);
