import { isPrerendering, whenShown } from '../browser/lifecycle.js';
import { onRoute } from '../browser/routes.js';
import { now } from '../browser/time.js';
import type { TrackerContext, Views } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import { createViews, routeOf } from './open-view.js';

/** The call of `pages` and `views`. */
export interface ViewCalls {
  /** Counts a page view, or names the one that is shown. `fields.page` names the page until the path changes. */
  page(fields?: object, at?: number): void;
}

const viewsOf = (context: TrackerContext): Views => {
  context._views = context._views || createViews(context);
  return context._views;
};

/** Brings the call `page`: the site counts its page views itself. */
export const pages: TrackerModule<ViewCalls> = (context: TrackerContext) => ({
  page: viewsOf(context)._show,
});

/**
 * Counts page views, each once: when a page is shown (not when it is only prerendered), at each route of a single-page
 * application, and at a return from the back/forward cache. Brings `page` too.
 */
export const views: TrackerModule<ViewCalls> = (context: TrackerContext) => {
  const { _show: show, _close: close } = viewsOf(context);
  const first = () => {
    // The site may have counted it itself.
    if (context._views!._shown !== routeOf(location)) show();
  };
  onRoute(context, (from) => {
    if (routeOf(new URL(from)) === routeOf(location)) return;
    close(from);
    show(undefined, now(), from);
  });
  context.on('left', () => {
    // It left before its view was counted. A page that was only prerendered was never seen.
    if (!isPrerendering()) first();
    close();
  });
  context.on('returned', () => show());
  whenShown(context, first);
  return pages(context as never);
};
