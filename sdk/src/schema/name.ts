import { isSlug } from './slug.js';

/** The most characters (code points) of a name that is no slug. */
export const maxNameLength = 200;

/** Latin letters that do not decompose into a plain one and a mark, and what a slug has for them. */
export const plainLetters: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  đ: 'd',
  þ: 'th',
  ı: 'i',
};

/** The first characters, without cutting one in half. */
function firstOf(text: string): string {
  return [...text.slice(0, 2 * maxNameLength)].slice(0, maxNameLength).join('');
}

/**
 * The name under which a page or event travels. A slug stays. Other texts become a slug, as `Købt nu!` does `kobt_nu`,
 * unless that would lose a letter or digit, or leave nothing: then the text travels whole, and the server files it
 * under `_other`. Empty for an empty text alone.
 */
export function nameOf(text: string): string {
  if (isSlug(text)) return text;
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[øłßæœđþı]/g, (letter) => plainLetters[letter]!);
  const slug = plain
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 48)
    .replace(/_$/, '');
  const losesLetters = /(?![a-z0-9])[\p{L}\p{N}]/u.test(plain);
  return slug === '' || losesLetters ? firstOf(text.trim() || text) : slug;
}

/**
 * A name as the lake keeps it: its first 200 characters, with U+FFFD for control characters and halves of surrogate
 * pairs, which not every reader can show.
 */
export function nameAsSent(name: string): string {
  return firstOf(name).replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd');
}
