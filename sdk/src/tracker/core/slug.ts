import { attempt } from '../browser/attempt.js';
import { cut, lowerCase, normalize, replace, split } from '../browser/builtins.js';

/** The schema's `plainLetters`. */
const plainLetters: Record<string, string> = { ø: 'o', ł: 'l', ß: 'ss', æ: 'ae', œ: 'oe', đ: 'd', þ: 'th', ı: 'i' };

/** The schema's `nameOf` with the copied built-ins, trimmed. A test holds the two together. */
function nameOf(text: string): string {
  const base = lowerCase(replace(normalize(text, 'NFKD'), /\p{M}/gu, ''));
  const letters = replace(base, /[ß-œ]/g, (letter) => plainLetters[letter] || letter);
  const words = replace(letters, /[^\p{L}\p{N}]+/gu, '_');
  // Letters that a slug cannot have: the server files the whole text under `_other`.
  const slug = /\W/.test(words) ? '' : replace(cut(replace(words, /^[^a-z]+/, ''), 0, 48), /_$/, '');
  return slug || replace(text, /^\s+|\s+$/g, '');
}

/** The latest names: in a page that slept, the first regular expression is a good part of an event's cost. */
let known: Record<string, string> = { __proto__: null as never };
let count = 0;

/**
 * The name under which a page or event travels: a slug, as `Clicked Review!` becomes `clicked_review`, or a text whose
 * letters a slug would lose, without the spaces around it. Empty for a blank text.
 */
export function toName(text: unknown): string {
  const given = String(text);
  if (!known[given]) {
    if (++count % 99 === 0) known = { __proto__: null as never };
    known[given] = /^[a-z][a-z0-9_]{0,47}$/.test(given) ? given : nameOf(given);
  }
  return known[given]!;
}

/** The name of a page without one: the first part of its path; `home_page` for the root, and for digits alone. */
export function pageFromPath(path: string): string {
  const first = split(path, '/')[1] ?? '';
  const readable = attempt(() => decodeURIComponent(first)) ?? first;
  return toName(replace(readable, /^\d+$|(^index)?\.(html?|php|aspx?)$/i, '')) || 'home_page';
}

/** The same in fewer bytes, for paths in plain letters. */
export const defaultPage = (path: string): string => /[a-z][a-z0-9_]{0,47}/.exec(lowerCase(path))?.[0] ?? 'home_page';
