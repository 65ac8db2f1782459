import { randomBytes } from 'node:crypto';

const cryptoBits = (): number => randomBytes(4).readUInt32LE();

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
