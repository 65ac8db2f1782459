import { attempt } from './attempt.js';
import { listen, whenShown } from './lifecycle.js';
import type { Part } from './plugin.js';
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

/** Page views as the site counts them. */
export const pages: Part<ViewCalls> = (inside) => ({
  page(fields, at) {
    const page = attempt(() => (fields as { page?: unknown }).page);
    if (page) inside.call?.(page);
    const { referrer, title } = document;
    inside.track('page_view', { referrer, title, ...attempt(() => ({ ...fields })) }, at);
  },
});

/**
 * Counts page views, each once: of a page that is shown (not one that is only prerendered), of each route of a single-page application, and of a return
 * from the back/forward cache. A view that the site counts itself with `page()` is not counted again.
 */
export const views: Part<ViewCalls> = (inside) => {
  const { page } = pages(inside);
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The view that waits for its title. */
  let waiting: { at: number; url: string; referrer: string } | undefined;
  let { href } = location;
  let counted = routeOf(location);
  let isSeen = false;

  function first(): void {
    if (!isSeen) page();
    isSeen = true;
  }

  function count(): void {
    const view = waiting;
    waiting = undefined;
    if (!view) return;
    // The next route may have begun: by now the page is called otherwise.
    const name = location.href === view.url ? {} : { page: pageFromPath(new URL(view.url).pathname) };
    page({ referrer: view.referrer, ...name, url: view.url }, view.at);
  }

  inside.on('event', (event) => {
    if (event.event !== 'page_view') return;
    // Counted by the site: this is the view that is waited for.
    if (waiting) event.referrer = waiting.referrer.slice(0, 2048);
    waiting = undefined;
    clearTimeout(timer);
  });
  onRoute(() => {
    const route = routeOf(location);
    if (route === counted) return;
    // The one before did not stay long enough for its title.
    count();
    counted = route;
    waiting = { at: Date.now(), url: location.href, referrer: href };
    href = location.href;
    timer = setTimeout(() => attempt(count), titleMs);
  });
  listen(window, 'pagehide', () => {
    // Gone before its view could be counted; but a page that was only prerendered was never seen.
    if (!(document as { prerendering?: boolean }).prerendering) first();
    count();
  });
  inside.on('returned', () => page());
  whenShown(first);
  return { page };
};
