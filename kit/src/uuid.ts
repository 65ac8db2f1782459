import type { Random } from './seeded-random.js';

/** A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds since 1970, then 74 random bits. */
export function uuidV7(timeMs: number, random: Random): string {
  const time = timeMs.toString(16).padStart(12, '0');
  const high = random.bits();
  const version = (0x7000 | (high & 0x0fff)).toString(16);
  const variant = (0x8000 | ((high >>> 12) & 0x3fff)).toString(16);
  const node = (random.bits() & 0xffff).toString(16).padStart(4, '0') + random.bits().toString(16).padStart(8, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${node}`;
}
