import type { Item } from '@millrace/demo-store/items';
import type { Random } from '@millrace/kit/seeded-random';
import { type CartLine, type Step, sample, thinking } from './step.js';
import type { Taste } from './taste.js';

/**
 * Opens an item's page, reads about it, perhaps likes it, perhaps puts it into the cart (for which the catalogue has no
 * event).
 */
export function* lookAtItem(item: Item, taste: Taste, random: Random, cart: CartLine[]): Generator<Step> {
  const place = { page: item.page, path: `/${item.page}/${item.id}`, title: item.name, item };
  yield { ...place, event: 'page_view', thinkMs: thinking(random, 1_500, 4_000) };
  let interest = taste.appetite * 0.35;
  if (random.chance(0.35 + taste.curiosity * 0.5)) {
    yield { ...place, event: 'clicked_item_description', thinkMs: thinking(random, 1_000, 3_000) };
    interest += 0.1;
  }
  const reviews = random.chance(0.25 + taste.curiosity * 0.5) ? random.integer(1, item.reviews.length) : 0;
  for (const review of sample(random, item.reviews, reviews)) {
    yield {
      ...place,
      event: 'clicked_review',
      properties: { review: item.reviews.indexOf(review) + 1, rating: review.rating },
      thinkMs: thinking(random, 2_000, 6_000),
    };
    // Good reviews sell, bad ones don't.
    interest += (review.rating - 3.5) * 0.08;
  }
  if (random.chance(0.08 + interest * 0.5)) {
    yield { ...place, event: 'liked_item', thinkMs: thinking(random, 800, 2_500) };
    interest += 0.15;
  }
  if (random.chance(interest) && !cart.some((line) => line.item === item)) {
    cart.push({
      item,
      quantity: random.weighted([
        [75, 1],
        [15, 2],
        [6, 3],
        [3, 4],
        [1, 5],
      ]),
    });
  }
}
