import { heldMs, viewMs } from '../bounds.js';
import { assign, cut, filter, find, floor, parse } from '../browser/builtins.js';
import { ofDocument } from '../browser/dom.js';
import { later, now } from '../browser/time.js';
import type { Facts, Placed, TrackerContext, Views } from '../core/context.js';
import { eventText } from '../core/event-text.js';
import type { Draft } from '../plugin.js';
import { heldName, isComplete } from '../queue/stored-name.js';

/** A view that is stored, and may still be named otherwise. */
interface OpenView {
  _at: number;
  _referrer: string;
  /** What the site said of it. */
  _given: Partial<Draft>;
  _facts: Facts;
  /** What it was made of, beside what the site said. */
  _state?: string;
  _placed?: Placed | undefined;
  _name: string;
}

/**
 * The part of an address that makes it another page: without the fragment, unless the site routes by it (`#/books`,
 * `#!books`).
 */
export const routeOf = ({ pathname, search, hash }: Pick<Location, 'pathname' | 'search' | 'hash'>): string =>
  pathname + search + (/^#[/!]/.test(hash) ? hash : '');

/**
 * A view is stored at once. It is named by what is true when the first of these comes: a tracked event, the page is
 * hidden or left, `viewMs` after the route changed. Until then `page()`, the title, `data-page` and the address may
 * still amend it, where it waits.
 */
export function createViews(context: TrackerContext): Views {
  const { _store: store } = context;
  let open: OpenView | undefined;
  let timer: unknown;

  /** Writes other facts into the stored view. */
  function write(view: OpenView, facts: Facts): void {
    const { _facts: before, _placed: placed } = view;
    view._facts = facts;
    if (!placed) return;
    const { _entry: entry, _person: person } = placed;
    entry.text = entry.at + eventText(facts, person) + cut(entry.text, (entry.at + eventText(before, person)).length);
  }

  /** Its facts as they are now. They stay as they were when a plugin drops it this time. */
  function renew(view: OpenView, href: string, isSaid?: boolean): void {
    const { _given: given, _referrer: referrer, _placed: placed } = view;
    const page = context._pageName(new URL(href).pathname);
    const seen = { referrer, title: ofDocument('title'), url: href, page, ...given };
    const state = `${seen.title}\n${href}\n${seen.page}`;
    if (!isSaid && view._state === state) return;
    view._state = state;
    const facts = context._prepare(context._clean(given.event, seen));
    if (!facts) return;
    write(view, facts);
    if (placed) store._set(view._name, placed._entry.text);
    // What did not fit is told once.
    given.properties = parse(`{${facts._properties}}`);
  }

  const views: Views = {
    _show(fields, at, referrer = ofDocument('referrer')) {
      const given = context._clean('page_view', fields);
      if (given.page) context._namePage?.(given.page);
      const route = routeOf(location);
      const named = open?._given.page;
      if (open && views._shown === route && (!given.page || !named || named === given.page)) {
        given.properties = { ...open._given.properties, ...given.properties };
        assign(open._given, given);
        return renew(open, location.href, true);
      }
      views._close();
      const view = { _at: floor(at || now()), _referrer: referrer, _given: given } as OpenView;
      renew(view, location.href);
      if (!view._facts || !(view._at > 0)) return;
      open = view;
      views._shown = route;
      context._whenAllowed(() => {
        const placed = context._place(view._facts, view._at);
        if (!placed) return;
        view._placed = placed;
        view._name = heldName(placed._entry);
        store._set(view._name, placed._entry.text);
      });
      timer = later(views._close, view._at + viewMs - now());
    },
    _close(href = location.href) {
      const view = open;
      if (!view) return;
      open = undefined;
      clearTimeout(timer as number);
      renew(view, href);
      context._whenAllowed(() => {
        const { _placed: placed } = view;
        if (!placed) return;
        const facts = { ...view._facts };
        const counted = context._addDropCounts?.(facts);
        write(view, facts);
        context._keep(placed._entry);
        store._remove(view._name);
        counted?.();
      });
    },
  };
  context._closeView = () => views._close();
  const { _track: track } = context;
  context._track = (event, fields, at) => {
    if (event === 'page_view') return views._show(fields, at);
    views._close();
    track(event, fields, at);
  };
  context.on('stopped', context._closeView);
  context.on('hidden', context._closeView);
  context.on('left', context._closeView);
  context.on('consent', (state) => {
    // It was deleted.
    if (state === 'denied') open = undefined;
  });
  const { _names: names } = store;
  // What waits to be sent is without the views that may still be named otherwise, also those of other tabs.
  store._names = (start) => (start === 'e.' ? filter(names(start), isComplete) : names(start));
  // A page that died has left its view behind.
  if (find(names('e.'), (name) => !isComplete(name))) {
    const waking = later(context._sender._wake, 2 * heldMs);
    context.on('stopped', () => clearTimeout(waking as number));
  }
  return views;
}
