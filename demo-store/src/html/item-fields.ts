import type { Item } from '../items/index.js';
import { type Html, html } from './html.js';

/** The item's fields for the tracker, which finds them on the clicked element or its nearest ancestors. */
export function itemFields(item: Item): Html {
  return html`data-item-id="${item.id}" data-item-name="${item.name}" data-item-price="${item.price}" data-currency="${item.currency}"`;
}
