import { attempt } from './attempt.js';
import { listen, whenShown } from './lifecycle.js';
import type { Inside, Part } from './plugin.js';
import { onRoute } from './routes.js';
import { pageFromPath } from './slug.js';

/** A router changes the address first and the title after it. */
const titleMs = 100;

export interface ViewCalls {
  /** A page view. `fields.page` names the page from now on, until the path changes. */
  page(fields?: object, at?: number): void;
}

/** What makes an address another page: not its fragment, unless the site routes by it (`#/books`, `#!books`). */
export const routeOf = ({ pathname, search, hash }: Pick<Location, 'pathname' | 'search' | 'hash'>): string =>
  pathname + search + (/^#[/!]/.test(hash) ? hash : '');

const view = (inside: Inside, fields?: object, at?: number) => {
  const { referrer, title } = document;
  inside.track('page_view', { referrer, title, ...attempt(() => ({ ...fields })) }, at);
};

/** Page views as the site counts them. */
export const pages: Part<ViewCalls> = (inside) => ({
  page(fields, at) {
    const page = attempt(() => (fields as { page?: unknown }).page);
    if (page) inside.call?.(page);
    view(inside, fields, at);
  },
});

/**
 * Counts page views, each once: of a page that is shown (not one that is only prerendered), of each route of a single-page application, and of a return
 * from the back/forward cache. A view that the site counts itself with `page()` is not counted again.
 */
export const views: Part<ViewCalls> = (inside) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The view that waits for its title. */
  let waiting: { at: number; url: string; referrer: string } | undefined;
  let isSeen = false;

  function first(): void {
    if (!isSeen) view(inside);
    isSeen = true;
  }

  function count(): void {
    if (!waiting) return;
    const { at, url, referrer } = waiting;
    waiting = undefined;
    // The next route may have begun: by now the page is called otherwise.
    const page = location.href === url ? undefined : pageFromPath(new URL(url).pathname);
    view(inside, { referrer, url, page }, at);
  }

  inside.on('event', (event) => {
    if (event.event !== 'page_view') return;
    // Counted by the site: this is the view that is waited for.
    if (waiting) event.referrer = waiting.referrer.slice(0, 2048);
    waiting = undefined;
    clearTimeout(timer);
  });
  onRoute((from) => {
    // The one before did not stay long enough for its title.
    count();
    if (routeOf(new URL(from)) === routeOf(location)) return;
    waiting = { at: Date.now(), url: location.href, referrer: from };
    timer = setTimeout(() => attempt(count), titleMs);
  });
  listen(window, 'pagehide', () => {
    // Gone before its view could be counted; but a page that was only prerendered was never seen.
    if (!(document as { prerendering?: boolean }).prerendering) first();
    count();
  });
  inside.on('returned', () => view(inside));
  whenShown(first);
  return pages(inside);
};
