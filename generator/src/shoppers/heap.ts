/** A binary heap: the smallest by `key` comes out first; equals in no promised order. */
export interface Heap<Item> {
  readonly size: () => number;
  push(item: Item): void;
  /** Takes the smallest. */
  pop(): Item | undefined;
}

/** An empty heap. */
export function createHeap<Item>(key: (item: Item) => number): Heap<Item> {
  const items: Item[] = [];
  const swap = (i: number, j: number) => {
    const held = items[i]!;
    items[i] = items[j]!;
    items[j] = held;
  };
  const before = (i: number, j: number) => key(items[i]!) < key(items[j]!);

  return {
    size: () => items.length,
    push(item) {
      let at = items.push(item) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(at, parent)) break;
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      const top = items[0];
      const last = items.pop();
      if (items.length > 0) {
        items[0] = last!;
        for (let at = 0; ; ) {
          let least = at;
          for (const child of [2 * at + 1, 2 * at + 2]) {
            if (child < items.length && before(child, least)) least = child;
          }
          if (least === at) break;
          swap(at, least);
          at = least;
        }
      }
      return top;
    },
  };
}
