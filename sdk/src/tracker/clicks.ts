import { listen } from './lifecycle.js';
import type { Plugin } from './plugin.js';

/** The fields that attributes give: `data-item-id` and so on, on the element or the nearest around it that has them. */
const fieldNames = ['page', 'item_id', 'item_name', 'item_quantity', 'item_price', 'currency', 'order_id'];
const propertyStart = 'data-track-';

/** An element, as far as it is read. Documents, windows and shadow roots are on a path too and have no attributes. */
export interface Attributed {
  tagName?: string;
  getAttribute?(name: string): string | null;
  attributes?: Iterable<{ name: string; value: string }>;
}

export interface ClickedEvent {
  event: string;
  fields: Record<string, unknown>;
}

/**
 * The event that a click means, if any: the innermost element with `data-track` on the path from the click outwards says which.
 * `data-track-shelf-row="3"` on that element becomes the property `shelf_row`.
 */
export function eventOfPath(path: readonly Attributed[]): ClickedEvent | undefined {
  const read = (node: Attributed, name: string) => node.getAttribute?.(name) || undefined;
  const start = path.findIndex((node) => read(node, 'data-track'));
  const clicked = path[start];
  if (!clicked) return undefined;
  const fields: Record<string, unknown> = {};
  for (const name of fieldNames) {
    const attribute = `data-${name.replace('_', '-')}`;
    for (let index = start; index < path.length && fields[name] === undefined; index++) {
      // The document's own data-page ranks below a page that was named by a call, so it is not a field of the click.
      const whole = name === 'page' && /^(body|html)$/i.test(path[index]!.tagName ?? '');
      if (!whole) fields[name] = read(path[index]!, attribute);
    }
  }
  const properties: Record<string, string> = {};
  for (const { name, value } of clicked.attributes ?? []) {
    if (name.startsWith(propertyStart)) properties[name.slice(propertyStart.length).replace(/-/g, '_')] = value;
  }
  return { event: read(clicked, 'data-track')!, fields: { ...fields, properties } };
}

/** A click on an element with `data-track`, or inside one, is an event. */
export const clicks: Plugin<void> = (host) =>
  // Hears every click of the page first, so that a handler that stops it does not hide it, and only listens.
  listen(window, 'click', (event) => {
    const clicked = eventOfPath(event.composedPath() as Attributed[]);
    if (clicked) host.track(clicked.event, clicked.fields);
  });
