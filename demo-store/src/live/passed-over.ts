/**
 * Remembers roughly which events were passed over lately, so that none of them shows up half way when its next step comes: a table of
 * 131,072 hashes (512 KiB, 13 s at 10,000 events/s), in which newer events overwrite older ones. Two events with the same hash, one
 * in four thousand million, would be taken for one.
 */
export function createPassedOver(size = 131_072) {
  const table = new Uint32Array(size);
  return {
    add(eventId: string): void {
      const hash = hashOf(eventId);
      table[hash % size] = hash;
    },
    has(eventId: string): boolean {
      const hash = hashOf(eventId);
      return table[hash % size] === hash;
    },
  };
}

/** FNV-1a with a final mix, never 0, which stands for an empty place. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}
