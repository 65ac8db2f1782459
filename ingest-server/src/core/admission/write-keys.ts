/** The most characters of a write key. */
const length = 64;

const codesOf = (key: string) => Uint16Array.from({ length }, (_, i) => (i < key.length ? key.charCodeAt(i) : 0));

/**
 * Checks whether a key is one of `keys` (at most 64 characters each), in a time that does not depend on where they
 * differ. Not with timingSafeEqual, which needs bytes: making them would take longer than all other checks together.
 */
export function createKeyCheck(keys: readonly string[]): (key: string) => boolean {
  const known = keys.map((key) => ({ codes: codesOf(key), length: key.length }));
  return (key) => {
    let found = 0;
    // No early end: the time must not tell which key it was either.
    for (const one of known) {
      let difference = key.length ^ one.length;
      for (let i = 0; i < length; i++) difference |= (i < key.length ? key.charCodeAt(i) : 0) ^ one.codes[i]!;
      found |= Number(difference === 0);
    }
    return found === 1;
  };
}
