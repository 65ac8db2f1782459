import { apparel } from './apparel.js';
import { books } from './books.js';
import { electronics } from './electronics.js';
import { food } from './food.js';
import { home } from './home.js';
import type { Department, Item } from './item.js';

export type { Department, Item, Review } from './item.js';

/** The departments in the order in which the shop shows them. */
export const departments: readonly { page: Department; name: string; line: string }[] = [
  { page: 'books', name: 'Books', line: 'To read by a river, on a ferry or beside a stove.' },
  { page: 'electronics', name: 'Electronics', line: 'Things with knobs, and parts you can replace.' },
  { page: 'home', name: 'Home', line: 'Iron, light and stoneware.' },
  { page: 'apparel', name: 'Apparel', line: 'For the weather there is.' },
  { page: 'food', name: 'Food', line: 'From people who pick, press and roast it themselves.' },
];

/**
 * Everything that XCorp sells. The synthetic shoppers buy from here too, so that an event's `item_id` matches its page.
 */
export const items: readonly Item[] = [...books, ...electronics, ...home, ...apparel, ...food];

/** The items of a department. */
export function itemsOf(page: Department): readonly Item[] {
  return items.filter((item) => item.page === page);
}

const byId = new Map(items.map((item) => [item.id, item]));

/** The item with this id; undefined when there is none. */
export function itemById(id: string): Item | undefined {
  return byId.get(id);
}
