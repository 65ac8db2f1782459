import type { Item } from '@millrace/demo-store/items';
import type { Random } from '@millrace/kit/seeded-random';
import type { DefaultEvent, DefaultPage, MillraceEvent } from '@millrace/sdk/schema';

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

/** An item in the cart. */
export interface CartLine {
  item: Item;
  quantity: number;
}

/** A think time: at least `leastMs`, on average `typicalMs` more, and sometimes much longer. */
export function thinking(random: Random, leastMs: number, typicalMs: number): number {
  return Math.round(leastMs - typicalMs * Math.log(1 - random.unit()));
}

/** `count` different items of a list, in random order. */
export function sample<T>(random: Random, from: readonly T[], count: number): T[] {
  const left = [...from];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(random.integer(0, left.length - 1), 1)[0]!,
  );
}
