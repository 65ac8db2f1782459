/** What can stand in one order at a time. */
export interface InOrder {
  before: this | undefined;
  after: this | undefined;
}

export interface Order<Item extends InOrder> {
  first(): Item | undefined;
  /** Puts an item last. */
  add(item: Item): void;
  /** Takes an item out; one that is not in is left alone. */
  remove(item: Item): void;
}

/**
 * Items in the order in which they came, linked to each other. A Map keeps that order too, but to find its first item it passes all places that
 * were deleted before it: for 20,000 items of which the first is deleted for each that is added that takes longer than all else in a request.
 */
export function createOrder<Item extends InOrder>(): Order<Item> {
  let first: Item | undefined;
  let last: Item | undefined;
  return {
    first: () => first,
    add(item) {
      item.before = last;
      if (last === undefined) first = item;
      else last.after = item;
      last = item;
    },
    remove(item) {
      if (item !== first && item.before === undefined) return;
      if (item.before === undefined) first = item.after;
      else item.before.after = item.after;
      if (item.after === undefined) last = item.before;
      else item.after.before = item.before;
      item.before = undefined;
      item.after = undefined;
    },
  };
}
