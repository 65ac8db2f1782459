import { attempt } from '../browser/attempt.js';

/**
 * The schema's slug, repeated because the schema's file would bring Zod into the page. A test holds the two together.
 */
const slug = /^[a-z][a-z0-9_]{0,47}$/;
/** The latest slugs: in a page that slept, the first regular expression is a good part of an event's cost. */
const known = new Set<string>();

/**
 * Makes a slug of any text: `Clicked Review!` becomes `clicked_review`. A slug stays as it is. Empty when nothing
 * usable is in it.
 */
export function toSlug(text: unknown): string {
  const given = String(text);
  if (known.has(given)) return given;
  if (slug.test(given)) {
    if (known.size > 99) known.clear();
    known.add(given);
    return given;
  }
  return given
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 48)
    .replace(/_+$/, '');
}

/** The name of a page without one: the first part of its path as a slug; `home_page` for the root. */
export function pageFromPath(path: string): string {
  const first = path.split('/')[1] ?? '';
  const readable = attempt(() => decodeURIComponent(first)) ?? first;
  return toSlug(readable.replace(/(^index)?\.(html?|php|aspx?)$/i, '')) || 'home_page';
}

/** The same in fewer bytes, for paths in plain letters. */
export const defaultPage = (path: string): string =>
  /[a-z][a-z0-9_]{0,47}/.exec(path.toLowerCase())?.[0] ?? 'home_page';
