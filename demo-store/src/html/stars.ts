import { type Html, html } from './html.js';

/** "★★★★☆", read out as "4 out of 5 stars". */
export function stars(rating: number): Html {
  const full = Math.round(rating);
  return html`<span class="stars" role="img" aria-label="${rating} out of 5 stars">${'★'.repeat(full)}<span class="stars-rest">${'★'.repeat(5 - full)}</span></span>`;
}
