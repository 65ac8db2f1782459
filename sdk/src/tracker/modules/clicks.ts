import { cut, each, filter, find, indexOf, replace } from '../browser/builtins.js';
import { type Attributed, attributeOf, attributesOf, pathOf } from '../browser/dom.js';
import { listen } from '../browser/lifecycle.js';
import type { Plugin } from '../plugin.js';

/** The fields that attributes give, such as `data-item-id`, on the element or the nearest around it that has them. */
const fieldNames = ['page', 'item_id', 'item_name', 'item_quantity', 'item_price', 'currency', 'order_id'];
const propertyStart = 'data-track-';

/** A click as an event. */
export interface ClickedEvent {
  event: string;
  fields: Record<string, unknown>;
}

/**
 * The event that a click means, if any. The innermost element with `data-track` on the path from the click outwards
 * names it; `data-track-shelf-row="3"` on that element becomes the property `shelf_row`.
 */
export function eventOfPath(path: readonly Attributed[]): ClickedEvent | undefined {
  let event: string | undefined;
  const around = filter(path, (node) => {
    event = event || attributeOf(node, 'data-track');
    return event;
  });
  if (!event) return undefined;
  const fields: Record<string, unknown> = {};
  each(fieldNames, (name) => {
    const attribute = `data-${replace(name, /_/g, '-')}`;
    each(around, (node) => {
      // A page named by a call ranks above the document's own data-page, which is therefore not a field of the click.
      if (name !== 'page' || !/^(body|html)$/i.test(node.tagName ?? ''))
        fields[name] = fields[name] || attributeOf(node, attribute);
    });
  });
  const properties: Record<string, string> = {};
  for (const { name, value } of attributesOf(around[0]!)) {
    if (!indexOf(name, propertyStart)) properties[replace(cut(name, propertyStart.length), /-/g, '_')] = value;
  }
  fields.properties = properties;
  return { event, fields };
}

/**
 * A click on an element with `data-track`, or inside one, is an event; so is a middle click on a link there. One act is
 * one event, whatever other clicks the browser or the page makes of it.
 */
export const clicks: Plugin<void> = (context) => {
  let act: MouseEvent | undefined;

  function count(event: MouseEvent): void {
    // A handler that calls `click()` does so within the act, and Firefox repeats the click on a label for its control
    // there. Chromium and WebKit do it after the act, with its time.
    if (act && (act.eventPhase || (event.isTrusted && !event.detail && event.timeStamp === act.timeStamp))) return;
    const path = pathOf(event);
    // The middle button opens a link. The others have menus and history.
    if (event.button && (event.button > 1 || !find(path, (node) => /^a(rea)?$/i.test(node.tagName!)))) return;
    const clicked = eventOfPath(path);
    if (!clicked) return;
    act = event;
    context.track(clicked.event, clicked.fields);
  }

  // Run before the page's handlers, so that one that stops the click does not hide it.
  listen(context, window, 'click', count as (event: Event) => void);
  listen(context, window, 'auxclick', count as (event: Event) => void);
};
