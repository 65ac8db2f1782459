import { randomFillSync } from 'node:crypto';

/** Random words in stock: a call costs as much for one as for all of them. */
const words = new Uint32Array(256);
let used = words.length;

function cryptoBits(): number {
  if (used === words.length) {
    randomFillSync(words);
    used = 0;
  }
  return words[used++]!;
}

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds since 1970, then 74 random bits.
 * @param random32 gives 32 random bits as an unsigned integer; a seeded one makes the same ids again
 */
export function uuidV7(timeMs: number, random32: () => number = cryptoBits): string {
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  const high = random32();
  const version = (0x7000 | (high & 0x0fff)).toString(16);
  const variant = (0x8000 | ((high >>> 12) & 0x3fff)).toString(16);
  const node = (random32() & 0xffff).toString(16).padStart(4, '0') + random32().toString(16).padStart(8, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${node}`;
}
