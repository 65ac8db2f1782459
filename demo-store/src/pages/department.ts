import { itemArt } from '../html/art.js';
import { type Html, html } from '../html/html.js';
import type { Page } from '../html/layout.js';
import { money } from '../html/money.js';
import { stars } from '../html/stars.js';
import { type Department, departments, type Item, itemsOf } from '../items/index.js';

/** The mean of the ratings, to a tenth of a star. */
export function meanRating(item: Item): number {
  const sum = item.reviews.reduce((total, review) => total + review.rating, 0);
  return Math.round((sum / item.reviews.length) * 10) / 10;
}

function card(item: Item): Html {
  return html`<li class="card">
  <a class="card-link" href="/${item.page}/${item.id}">
    <div class="card-art tint-${item.page}">${itemArt(item.id, item.page)}</div>
    <h2>${item.name}</h2>
    <p>${item.summary}</p>
    <p class="card-foot"><span class="price">${money(item.price, item.currency)}</span> ${stars(meanRating(item))} <span class="muted">${meanRating(item).toFixed(1)}</span></p>
  </a>
</li>`;
}

/** A department with its items. */
export function departmentPage(page: Department): Page {
  const department = departments.find((each) => each.page === page)!;
  return {
    title: department.name,
    page,
    path: `/${page}`,
    body: html`<div class="page-head">
  <h1>${department.name}</h1>
  <p>${department.line}</p>
</div>
<ul class="cards">${itemsOf(page).map(card)}</ul>`,
  };
}
