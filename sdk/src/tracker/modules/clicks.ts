import { cut, each, filter, indexOf, replace } from '../browser/builtins.js';
import { type Attributed, attributeOf, attributesOf } from '../browser/dom.js';
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

/** A click on an element with `data-track`, or inside one, is an event. */
export const clicks: Plugin<void> = (context) =>
  // Runs before the page's handlers, so that one that stops the click does not hide it.
  listen(window, 'click', (event) => {
    const clicked = eventOfPath(event.composedPath() as Attributed[]);
    if (clicked) context.track(clicked.event, clicked.fields);
  });
