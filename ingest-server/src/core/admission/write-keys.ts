import { createHash } from 'node:crypto';
import { isSlug } from '@millrace/sdk/schema';

/** A write key, and whose it is. */
export interface WriteKey {
  readonly key: string;
  /** The name that its events are stored under. Several keys may have one name: the old and the new one, say. */
  readonly site: string;
}

/** The most characters of a write key. */
const length = 64;
const pattern = /^[A-Za-z0-9_-]{1,64}$/;

/** The name of a key that was given none. The key itself is not stored. */
export const siteOf = (key: string): string => `site_${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;

/**
 * Parses `shop=KEY1,shop=KEY2,KEY3`.
 * @throws RangeError naming what is wrong, but no key
 */
export function parseWriteKeys(text: string): WriteKey[] {
  const found = new Map<string, WriteKey>();
  for (const [at, entry] of text.split(',').entries()) {
    const [, name, key] = /^\s*(?:([^=]*?)\s*=\s*)?(.*?)\s*$/s.exec(entry)!;
    if (!pattern.test(key!)) throw new RangeError(`key ${at + 1} is not 1 to 64 of A-Z, a-z, 0-9, "_" and "-"`);
    if (name !== undefined && !isSlug(name)) {
      throw new RangeError(`the name "${name}" is not a lower-case letter, then up to 47 of a-z, 0-9 and "_"`);
    }
    const site = name ?? siteOf(key!);
    const before = found.get(key!)?.site ?? site;
    if (before !== site) throw new RangeError(`one key has two names: ${before} and ${site}`);
    found.set(key!, { key: key!, site });
  }
  return [...found.values()];
}

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
