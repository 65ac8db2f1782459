import { attempt } from './attempt.js';

/** Fills the array with random bytes. */
export type RandomBytes = (bytes: Uint8Array) => void;

/** The browser's cryptographic random numbers; where they are missing, the others. */
export function browserRandom(bytes: Uint8Array): void {
  const filled = attempt(() => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>));
  if (!filled) for (let index = 0; index < bytes.length; index++) bytes[index] = Math.random() * 256;
}

/**
 * A maker of UUIDv7 (RFC 9562, 5.7). Each one is greater than the one before it, also within a millisecond (the 12 bits after the
 * time count up, RFC 9562, 6.2, method 1) and when the clock jumps back.
 */
export function createUuid7(random: RandomBytes): (now: number) => string {
  const bytes = new Uint8Array(10);
  let time = 0;
  let count = 0;
  return (now) => {
    random(bytes);
    if (now > time) {
      time = now;
      // Starts in the lower half, so that at least 2,048 ids fit into the millisecond.
      count = ((bytes[0]! << 8) | bytes[1]!) & 0x7ff;
    } else if (++count > 0xfff) {
      time++;
      count = 0;
    }
    bytes[2] = (bytes[2]! & 0x3f) | 0x80;
    const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
    const tail = [...bytes.subarray(2)].map((byte) => hex(byte, 2)).join('');
    const head = hex(time, 12);
    return `${head.slice(0, 8)}-${head.slice(8)}-7${hex(count, 3)}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };
}

/** An id of 20 characters for visitors, sessions and streams: the time, so that ids sort by age, then 62 random bits. */
export function createShortId(random: RandomBytes): (now: number) => string {
  return (now) => {
    const bytes = new Uint8Array(12);
    random(bytes);
    // 252 is the largest multiple of 36 in a byte; the few above it fold over, which costs less than a thousandth of a bit.
    return now.toString(36).padStart(8, '0') + [...bytes].map((byte) => (byte % 36).toString(36)).join('');
  };
}
