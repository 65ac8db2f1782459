import { itemArt } from '../html/art.js';
import { type Html, html } from '../html/html.js';
import { itemFields } from '../html/item-fields.js';
import type { Page } from '../html/layout.js';
import { money } from '../html/money.js';
import { type Item, items } from '../items/index.js';

/** The browser keeps ids and quantities only. Names and prices come from these templates, one for each item. */
function lineTemplate(item: Item): Html {
  return html`<template data-line="${item.id}"><li class="line" data-department="${item.page}" ${itemFields(item)}>
  <a class="line-art tint-${item.page}" href="/${item.page}/${item.id}" tabindex="-1" aria-hidden="true">${itemArt(item.id, item.page)}</a>
  <div class="line-name"><a class="line-link" href="/${item.page}/${item.id}">${item.name}</a><span class="muted">${money(item.price, item.currency)} each</span></div>
  <label class="line-quantity"><span class="visually-hidden">Quantity of ${item.name}</span><input type="number" data-quantity min="1" max="20" inputmode="numeric"></label>
  <span class="price" data-line-total></span>
  <button type="button" class="button quiet small" data-remove aria-label="Remove ${item.name}">Remove</button>
</li></template>`;
}

/** The same line, to read only. */
function summaryTemplate(item: Item): Html {
  return html`<template data-line="${item.id}"><li class="summary-line" data-department="${item.page}" ${itemFields(item)}>
  <span><span data-quantity-text></span> × ${item.name}</span> <span class="price" data-line-total></span>
</li></template>`;
}

/** One template for each item, for the checkout and the thanks page. */
export const summaryTemplates: readonly Html[] = items.map(summaryTemplate);

/** Says that the cart needs JavaScript. */
export const needsScript = html`<noscript><p class="notice">The cart lives in your browser and needs JavaScript.</p></noscript>`;

/** The cart. The browser fills it. */
export function cartPage(): Page {
  return {
    title: 'Cart',
    page: 'cart',
    path: '/cart',
    body: html`<div class="page-head"><h1>Cart</h1></div>
${needsScript}
<div data-cart-page>
  <p class="empty" data-when-empty hidden>Nothing in it yet. <a href="/books">Start with a book?</a></p>
  <div class="cart" data-when-filled hidden>
    <ul class="lines" data-lines></ul>
    <aside class="panel total" aria-label="Total">
      <p class="total-line"><span>Total</span> <span class="price price-big" data-total></span></p>
      <a class="button wide" href="/checkout">Go to the checkout</a>
    </aside>
  </div>
  <p class="visually-hidden" role="status" data-cart-status></p>
  ${items.map(lineTemplate)}
</div>`,
  };
}
