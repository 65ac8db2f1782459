/** A write key has at most so many characters. */
const length = 64;

const codesOf = (key: string) => Uint16Array.from({ length }, (_, i) => (i < key.length ? key.charCodeAt(i) : 0));

/**
 * Says whether a key is one of `keys` (at most 64 characters each), in a time that does not depend on where they differ. Not with
 * timingSafeEqual: to make bytes of the text first takes longer than everything else that is asked before a request's body is read.
 */
export function createKeyCheck(keys: readonly string[]): (key: string) => boolean {
  const known = keys.map((key) => ({ codes: codesOf(key), length: key.length }));
  return (key) => {
    let found = 0;
    // No early end: the time does not say which key it was either.
    for (const one of known) {
      let difference = key.length ^ one.length;
      for (let i = 0; i < length; i++) difference |= (i < key.length ? key.charCodeAt(i) : 0) ^ one.codes[i]!;
      found |= Number(difference === 0);
    }
    return found === 1;
  };
}
