import type { Random } from '@millrace/kit/seeded-random';
import { type CartLine, type Step, thinking } from './step.js';
import type { Taste } from './taste.js';

const paymentMethods: readonly (readonly [weight: number, method: string])[] = [
  [70, 'card'],
  [18, 'transfer'],
  [12, 'invoice'],
];

/**
 * From the cart to the order; some leave at each step. Each line of the order is a `purchased_item` under its item's
 * page.
 */
export function* checkOut(cart: readonly CartLine[], taste: Taste, random: Random): Generator<Step> {
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
