import { departments, itemsOf } from '@millrace/demo-store/items';
import type { Random } from '@millrace/kit/seeded-random';
import { checkOut } from './check-out.js';
import { lookAtItem } from './look-at-item.js';
import { type CartLine, type Step, sample, thinking } from './step.js';
import { popularity, type Taste } from './taste.js';

const shelves = new Map(departments.map(({ page, name }) => [page, { name, items: itemsOf(page) }]));

/**
 * One visit to the shop, from the landing page to the last click. Some leave at once, most look around, some fill a
 * cart, and some of these pay.
 */
export function* visit(taste: Taste, random: Random): Generator<Step> {
  const cart: CartLine[] = [];
  const stops = random.chance(0.15)
    ? 0
    : random.weighted([
        [60, 1],
        [28, 2],
        [12, 3],
      ]);
  let department = random.chance(0.75) ? taste.favourite : random.weighted(popularity);
  for (let stop = 0; stop < Math.max(1, stops); stop++) {
    const { name, items } = shelves.get(department)!;
    yield {
      event: 'page_view',
      page: department,
      path: `/${department}`,
      title: name,
      thinkMs: stop === 0 ? 0 : thinking(random, 1_000, 3_000),
    };
    if (stops === 0) return;
    for (const item of sample(
      random,
      items,
      random.weighted([
        [45, 1],
        [35, 2],
        [20, 3],
      ]),
    )) {
      yield* lookAtItem(item, taste, random, cart);
    }
    const last = department;
    do department = random.weighted(popularity);
    while (department === last);
  }
  // Most carts are left behind, as everywhere.
  if (cart.length > 0 && random.chance(0.7)) yield* checkOut(cart, taste, random);
}
