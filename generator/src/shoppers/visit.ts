import { departments, type Item, itemsOf } from '@millrace/demo-store/items';
import type { Random } from '@millrace/kit/seeded-random';
import type { DefaultEvent, DefaultPage, MillraceEvent } from '@millrace/sdk/schema';

type Department = Item['page'];

/** How a person shops; it stays the same at the next visit. */
export interface Taste {
  /** The department that the person mostly comes for. */
  favourite: Department;
  /** 0 to 1: how much the person reads before deciding. */
  curiosity: number;
  /** 0 to 1: how readily the person buys. */
  appetite: number;
}

/** One event of a visit, before it has an identity and a time. */
export interface Step {
  event: DefaultEvent;
  page: DefaultPage;
  /** Path in the shop, as `/books/51`. */
  path: string;
  title: string;
  item?: Item;
  quantity?: number;
  orderId?: string;
  /** The name that the person gave: the events from this one on carry it. */
  userId?: string;
  properties?: NonNullable<MillraceEvent['properties']>;
  /** How long the person takes before this step. */
  thinkMs: number;
}

interface CartLine {
  item: Item;
  quantity: number;
}

/** How many people come for each department. */
const popularity: readonly (readonly [weight: number, page: Department])[] = [
  [30, 'books'],
  [25, 'electronics'],
  [18, 'food'],
  [15, 'apparel'],
  [12, 'home'],
];

const paymentMethods: readonly (readonly [weight: number, method: string])[] = [
  [70, 'card'],
  [18, 'transfer'],
  [12, 'invoice'],
];

const shelves = new Map(departments.map(({ page, name }) => [page, { name, items: itemsOf(page) }]));

/** Draws a person's taste. */
export function createTaste(random: Random): Taste {
  return { favourite: random.weighted(popularity), curiosity: random.unit(), appetite: random.unit() };
}

/** A think time: at least `leastMs`, on average `typicalMs` more, and sometimes much longer. */
function thinking(random: Random, leastMs: number, typicalMs: number): number {
  return Math.round(leastMs - typicalMs * Math.log(1 - random.unit()));
}

/** `count` different items of a list, in random order. */
function sample<T>(random: Random, from: readonly T[], count: number): T[] {
  const left = [...from];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(random.integer(0, left.length - 1), 1)[0]!,
  );
}

/**
 * Opens an item's page, reads about it, perhaps likes it, perhaps puts it into the cart (for which the catalogue has no
 * event).
 */
function* lookAt(item: Item, taste: Taste, random: Random, cart: CartLine[]): Generator<Step> {
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

/**
 * From the cart to the order; some leave at each step. Each line of the order is a `purchased_item` under its item's
 * page.
 */
function* checkOut(cart: readonly CartLine[], taste: Taste, random: Random): Generator<Step> {
  const cartPage = { page: 'cart', path: '/cart', title: 'Cart' } as const;
  yield { ...cartPage, event: 'page_view', thinkMs: thinking(random, 1_000, 4_000) };
  if (!random.chance(0.55 + taste.appetite * 0.4)) return;
  const checkout = { page: 'cart', path: '/checkout', title: 'Checkout' } as const;
  yield { ...checkout, event: 'page_view', thinkMs: thinking(random, 2_000, 6_000) };
  if (!random.chance(0.8)) return;
  yield {
    ...checkout,
    event: 'entered_payment_method',
    properties: { method: random.weighted(paymentMethods) },
    ...(random.chance(0.4) ? { userId: `customer-${random.integer(1, 999_999)}` } : {}),
    thinkMs: thinking(random, 8_000, 12_000),
  };
  if (!random.chance(0.9)) return;
  const orderId = `order-${random.bits().toString(36).padStart(7, '0')}${random.integer(0, 1295).toString(36).padStart(2, '0')}`;
  for (const [index, { item, quantity }] of cart.entries()) {
    const thinkMs = index === 0 ? thinking(random, 2_000, 5_000) : 1;
    yield { ...checkout, page: item.page, event: 'purchased_item', item, quantity, orderId, thinkMs };
  }
  yield { page: 'cart', path: '/thanks', title: 'Thank you', event: 'page_view', thinkMs: thinking(random, 300, 400) };
  for (const { item } of cart) {
    if (!random.chance(0.15 + taste.curiosity * 0.2)) continue;
    yield {
      event: 'reviewed_item',
      page: item.page,
      path: `/${item.page}/${item.id}`,
      title: item.name,
      item,
      properties: {
        rating: random.weighted([
          [45, 5],
          [30, 4],
          [12, 3],
          [7, 2],
          [6, 1],
        ]),
      },
      thinkMs: thinking(random, 20_000, 40_000),
    };
  }
}

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
      yield* lookAt(item, taste, random, cart);
    }
    const last = department;
    do department = random.weighted(popularity);
    while (department === last);
  }
  // Most carts are left behind, as everywhere.
  if (cart.length > 0 && random.chance(0.7)) yield* checkOut(cart, taste, random);
}
