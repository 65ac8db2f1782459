import { attempt } from '../browser/attempt.js';
import { cut } from '../browser/builtins.js';
import { ofDocument } from '../browser/dom.js';
import { isPrerendering, listen, whenShown } from '../browser/lifecycle.js';
import { onRoute } from '../browser/routes.js';
import { later, now } from '../browser/time.js';
import type { TrackerContext } from '../core/context.js';
import { pageFromPath } from '../core/slug.js';
import type { TrackerModule } from '../module.js';

/** A router changes the address first and the title after it. */
const titleMs = 100;

/** The call of `pages` and `views`. */
export interface ViewCalls {
  /** Counts a page view. `fields.page` names the page from now on, until the path changes. */
  page(fields?: object, at?: number): void;
}

/**
 * The part of an address that makes it another page: without the fragment, unless the site routes by it (`#/books`,
 * `#!books`).
 */
export const routeOf = ({ pathname, search, hash }: Pick<Location, 'pathname' | 'search' | 'hash'>): string =>
  pathname + search + (/^#[/!]/.test(hash) ? hash : '');

const view = (context: TrackerContext, fields?: object, at?: number) => {
  const referrer = ofDocument('referrer');
  const title = ofDocument('title');
  context.track('page_view', { referrer, title, ...attempt(() => ({ ...fields })) }, at);
};

const pageCall = (context: TrackerContext): ViewCalls => ({
  page(fields, at) {
    const page = attempt(() => (fields as { page?: unknown }).page);
    if (page) context._namePage?.(page);
    view(context, fields, at);
  },
});

/** Brings the call `page`: the site counts its page views itself. */
export const pages: TrackerModule<ViewCalls> = pageCall;

/**
 * Counts page views, each once: when a page is shown (not when it is only prerendered), at each route of a single-page
 * application, and at a return from the back/forward cache. A view that the site counts itself with `page()` is not
 * counted again. Brings `page` too.
 */
export const views: TrackerModule<ViewCalls> = (context: TrackerContext) => {
  let timer: unknown;
  /** The view that waits for its title. */
  let waiting: { at: number; url: string; referrer: string } | undefined;
  let isSeen = false;

  function first(): void {
    if (!isSeen) view(context);
    isSeen = true;
  }

  function count(): void {
    if (!waiting) return;
    const { at, url, referrer } = waiting;
    waiting = undefined;
    // The next route may have begun, under another page name.
    const page = location.href === url ? undefined : pageFromPath(new URL(url).pathname);
    view(context, { referrer, url, page }, at);
  }

  context.on('event', (event) => {
    if (event.event !== 'page_view') return;
    // The site has counted the waiting view itself.
    if (waiting) event.referrer = cut(waiting.referrer, 0, 2048);
    waiting = undefined;
    clearTimeout(timer as number);
  });
  onRoute((from) => {
    // The previous route did not stay long enough for its title.
    count();
    if (routeOf(new URL(from)) === routeOf(location)) return;
    waiting = { at: now(), url: location.href, referrer: from };
    timer = later(() => attempt(count), titleMs);
  });
  listen(window, 'pagehide', () => {
    // It left before its view was counted. A page that was only prerendered was never seen.
    if (!isPrerendering()) first();
    count();
  });
  context.on('returned', () => view(context));
  whenShown(first);
  return pageCall(context);
};
