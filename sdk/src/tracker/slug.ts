import { attempt } from './attempt.js';

/** The schema's slug, written out again because the schema's file would bring Zod into the page; a test holds the two together. */
const slug = /^[a-z][a-z0-9_]{0,47}$/;
/** The last ones: a site has few, and in a page that slept the first regular expression is a good part of an event's cost. */
const known = new Set<string>();

/** Makes a slug of any text; a slug stays as it is: `Clicked Review!` becomes `clicked_review`; empty when nothing usable is in it. */
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

/** The page's name when nobody gave one: the first part of the path as a slug, `home_page` for the front door. */
export function pageFromPath(path: string): string {
  const first = path.split('/')[1] ?? '';
  const readable = attempt(() => decodeURIComponent(first)) ?? first;
  return toSlug(readable.replace(/(^index)?\.(html?|php|aspx?)$/i, '')) || 'home_page';
}

/** The same in fewer bytes, for paths in plain letters. */
export const plainPage = (path: string): string => /[a-z][a-z0-9_]{0,47}/.exec(path.toLowerCase())?.[0] ?? 'home_page';
