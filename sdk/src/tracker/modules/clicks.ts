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
  const start = path.findIndex((node) => attributeOf(node, 'data-track'));
  const clicked = path[start];
  if (!clicked) return undefined;
  const fields: Record<string, unknown> = {};
  for (const name of fieldNames) {
    const attribute = `data-${name.replace(/_/g, '-')}`;
    for (let index = start; index < path.length && fields[name] === undefined; index++) {
      // A page named by a call ranks above the document's own data-page, which is therefore not a field of the click.
      const isDocument = name === 'page' && /^(body|html)$/i.test(path[index]!.tagName ?? '');
      if (!isDocument) fields[name] = attributeOf(path[index]!, attribute);
    }
  }
  const properties: Record<string, string> = {};
  for (const { name, value } of attributesOf(clicked)) {
    if (name.startsWith(propertyStart)) properties[name.slice(propertyStart.length).replace(/-/g, '_')] = value;
  }
  return { event: attributeOf(clicked, 'data-track')!, fields: { ...fields, properties } };
}

/** A click on an element with `data-track`, or inside one, is an event. */
export const clicks: Plugin<void> = (context) =>
  // Runs before the page's handlers, so that one that stops the click does not hide it.
  listen(window, 'click', (event) => {
    const clicked = eventOfPath(event.composedPath() as Attributed[]);
    if (clicked) context.track(clicked.event, clicked.fields);
  });
