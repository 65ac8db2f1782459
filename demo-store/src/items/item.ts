import type { DefaultPage } from '@millrace/sdk/schema';

/**
 * The five departments: the default catalogue's pages without the cart. An item's department is its `page` in every
 * event.
 */
export type Department = Exclude<DefaultPage, 'cart'>;

/** A review, as the shop shows it. */
export interface Review {
  author: string;
  /** Stars, 1 to 5. */
  rating: 1 | 2 | 3 | 4 | 5;
  title: string;
  text: string;
}

/**
 * What XCorp sells. The fields are named so that an event's `item_id`, `item_name`, `item_price` and `currency` come
 * from here.
 */
export interface Item {
  /** As in the walkthrough: apparel 11–13, food 21–23, electronics 31–33, home 41–43, books 51–53. */
  id: string;
  name: string;
  page: Department;
  /** Of one, in major units. */
  price: number;
  /** One currency for the whole shop, because the cart adds prices up. */
  currency: 'EUR';
  /** One line, for cards. */
  summary: string;
  /** Paragraphs, separated by an empty line. */
  description: string;
  reviews: readonly Review[];
}
