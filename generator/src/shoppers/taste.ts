import type { Item } from '@millrace/demo-store/items';
import type { Random } from '@millrace/kit/seeded-random';

/** A department, by its page's name. */
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

/** How many people come for each department. */
export const popularity: readonly (readonly [weight: number, page: Department])[] = [
  [30, 'books'],
  [25, 'electronics'],
  [18, 'food'],
  [15, 'apparel'],
  [12, 'home'],
];

/** Draws a person's taste. */
export function createTaste(random: Random): Taste {
  return { favourite: random.weighted(popularity), curiosity: random.unit(), appetite: random.unit() };
}
