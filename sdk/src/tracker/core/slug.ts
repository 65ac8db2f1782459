import { attempt } from '../browser/attempt.js';
import { cut, lowerCase, normalize, replace, split } from '../browser/builtins.js';

/**
 * The schema's slug, repeated because the schema's file would bring Zod into the page. A test holds the two together.
 */
const slug = /^[a-z][a-z0-9_]{0,47}$/;
/** The latest slugs: in a page that slept, the first regular expression is a good part of an event's cost. */
let known: Record<string, unknown> = { __proto__: null };
let count = 0;

/**
 * Makes a slug of any text: `Clicked Review!` becomes `clicked_review`. A slug stays as it is. Empty when nothing
 * usable is in it.
 */
export function toSlug(text: unknown): string {
  const given = String(text);
  if (known[given]) return given;
  if (slug.test(given)) {
    if (++count % 99 === 0) known = { __proto__: null };
    known[given] = 1;
    return given;
  }
  const letters = replace(normalize(given, 'NFKD'), /[\u0300-\u036f]/g, '');
  const words = replace(lowerCase(letters), /[^a-z0-9]+/g, '_');
  return replace(cut(replace(words, /^[^a-z]+/, ''), 0, 48), /_+$/, '');
}

/** The name of a page without one: the first part of its path as a slug; `home_page` for the root. */
export function pageFromPath(path: string): string {
  const first = split(path, '/')[1] ?? '';
  const readable = attempt(() => decodeURIComponent(first)) ?? first;
  return toSlug(replace(readable, /(^index)?\.(html?|php|aspx?)$/i, '')) || 'home_page';
}

/** The same in fewer bytes, for paths in plain letters. */
export const defaultPage = (path: string): string => /[a-z][a-z0-9_]{0,47}/.exec(lowerCase(path))?.[0] ?? 'home_page';
