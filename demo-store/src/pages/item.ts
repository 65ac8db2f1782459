import { itemArt } from '../html/art.js';
import { type Html, html } from '../html/html.js';
import { itemFields } from '../html/item-fields.js';
import type { Page } from '../html/layout.js';
import { money } from '../html/money.js';
import { stars } from '../html/stars.js';
import { departments, type Item, type Review } from '../items/index.js';
import { meanRating } from './department.js';

/** Opening a review is the click that counts: while it is open, public/once-open.js takes its `data-track` away. */
function reviewEntry(review: Review, index: number): Html {
  return html`<li><details class="review" data-once-open>
  <summary data-track="clicked_review" data-track-review="${index + 1}" data-track-rating="${review.rating}">
    ${stars(review.rating)} <span class="review-title">${review.title}</span> <span class="muted">${review.author}</span>
  </summary>
  <p>${review.text}</p>
</details></li>`;
}

const ratings = [
  [5, 'Excellent'],
  [4, 'Good'],
  [3, 'Fair'],
  [2, 'Poor'],
  [1, 'Bad'],
] as const;

const reviewForm = html`<form class="panel" data-review-form>
  <h3>Write a review</h3>
  <fieldset>
    <legend>Your rating</legend>
    <div class="choices">${ratings.map(
      ([value, word]) =>
        html`<label class="choice"><input type="radio" name="rating" value="${value}" required> ${value} <span class="muted">${word}</span></label>`,
    )}</div>
  </fieldset>
  <label class="field">Title <input name="title" maxlength="80" required autocomplete="off"></label>
  <label class="field">Review <textarea name="text" rows="4" maxlength="1000" autocomplete="off"></textarea></label>
  <p class="muted">The words stay in this browser and are sent nowhere. Only the rating becomes an event.</p>
  <button type="submit" class="button quiet">Publish the review</button>
  <p role="status" data-review-status></p>
</form>`;

/** An item with its reviews. */
export function itemPage(item: Item): Page {
  const department = departments.find((each) => each.page === item.page)!;
  return {
    title: item.name,
    page: item.page,
    path: `/${item.page}`,
    body: html`<article class="item" ${itemFields(item)}>
<nav class="crumbs" aria-label="Breadcrumb"><a href="/">XCorp</a> / <a href="/${item.page}">${department.name}</a></nav>
<div class="item-grid">
  <div class="item-art tint-${item.page}">${itemArt(item.id, item.page)}</div>
  <div class="item-buy">
    <h1>${item.name}</h1>
    <p class="lead">${item.summary}</p>
    <p><a href="#reviews" class="rating-link">${stars(meanRating(item))} ${meanRating(item).toFixed(1)}, ${item.reviews.length} reviews</a></p>
    <p class="price price-big">${money(item.price, item.currency)}</p>
    <form class="buy" data-add-form>
      <label class="quantity">Quantity <input type="number" name="quantity" value="1" min="1" max="20" required inputmode="numeric"></label>
      <button type="submit" class="button">Add to cart</button>
      <button type="button" class="button quiet like" data-track="liked_item" data-like aria-pressed="false"><span class="heart" aria-hidden="true">♥</span> Like</button>
    </form>
    <p class="notice" role="status" data-add-status></p>
    <noscript><p class="notice">The cart lives in your browser and needs JavaScript.</p></noscript>
    <details class="description" data-once-open>
      <summary data-track="clicked_item_description">Description</summary>
      ${item.description.split('\n\n').map((paragraph) => html`<p>${paragraph}</p>`)}
    </details>
  </div>
</div>
<section id="reviews" aria-labelledby="reviews-heading">
  <h2 id="reviews-heading">What people say</h2>
  <div class="reviews-grid">
    <ul class="reviews" data-reviews>${item.reviews.map(reviewEntry)}</ul>
    ${reviewForm}
  </div>
</section>
</article>`,
  };
}
