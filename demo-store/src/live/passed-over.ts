const ways = 8;
// Jest looks up a global anew at each use, which would take most of the time of the tests of the live view.
const { imul } = Math;

/**
 * Remembers which events were lately not shown, so that none appears at a later step: `size` hashes, 512 KiB. A hash
 * has `ways` places, and overwrites the oldest. It remembers about 95 % of the last 65,000 ids, and practically all of
 * the last 30,000. It takes two ids with the same hash for one, a chance of 1 in 2³².
 */
export function createPassedOver(size = 131_072) {
  const sets = size / ways;
  const hashes = new Uint32Array(size);
  const next = new Uint8Array(sets);

  function has(hash: number): boolean {
    const start = (hash % sets) * ways;
    for (let way = 0; way < ways; way += 1) if (hashes[start + way] === hash) return true;
    return false;
  }

  return {
    add(eventId: string): void {
      const hash = hashOf(eventId);
      if (has(hash)) return;
      const set = hash % sets;
      const way = next[set]!;
      hashes[set * ways + way] = hash;
      next[set] = (way + 1) % ways;
    },
    has: (eventId: string) => has(hashOf(eventId)),
  };
}

/** FNV-1a with a final mix; never 0, which marks an empty place. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}
