/**
 * A 32-bit hash of a visitor's id: FNV-1a over UTF-16 code units, then MurmurHash3's finaliser, so that ids that differ
 * in one digit land far apart. It is stored in the spool: a change moves visitors to other lanes, which is harmless
 * only while the spool is empty.
 */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Which of `lanes` lanes a hash belongs to, from 0: equal slices of the hash's range. */
export function laneOf(hash: number, lanes: number): number {
  return Math.floor((hash * lanes) / 0x1_0000_0000);
}
