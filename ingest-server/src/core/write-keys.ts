import { timingSafeEqual } from 'node:crypto';

const length = 65;

function padded(text: string, bytes = Buffer.alloc(length)): Buffer {
  bytes.fill(0);
  bytes.write(text, 0, length - 1);
  // The whole length at the end: neither what was cut to fit nor what was filled up makes two keys equal.
  bytes[length - 1] = Math.min(255, Buffer.byteLength(text));
  return bytes;
}

/** Says whether a key is one of `keys` (at most 64 bytes each), in a time that does not depend on where they differ. */
export function createKeyCheck(keys: readonly string[]): (key: string) => boolean {
  const known = keys.map((key) => padded(key));
  const scratch = Buffer.alloc(length);
  return (key) => {
    const candidate = padded(key, scratch);
    let found = false;
    // No early end: the time does not say which key it was either.
    for (const one of known) found = timingSafeEqual(one, candidate) || found;
    return found;
  };
}
