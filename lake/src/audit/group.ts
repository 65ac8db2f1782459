import type { Facts } from './facts.js';
import type { Field } from './rows.js';

/**
 * Rows by stream: those of `stream` are `order[start[stream]] … order[start[stream + 1] - 1]`, in the order of reading.
 */
export interface Grouped {
  start: Uint32Array;
  order: Uint32Array;
}

/** Facts, and their rows by stream. */
export interface GroupedFacts {
  readonly facts: Facts;
  /** Those of each stream by position, then copies side by side; those without a stream come last. */
  readonly events: Grouped;
  readonly claims: Grouped;
  /** Those of each stream by position. */
  readonly ledger: Grouped;
  readonly held: Grouped;
  readonly dropped: Grouped;
}

/** Sorts rows by their stream, by counting. Rows without one come last, as stream number `streams`. */
export function groupByStream(stream: Field, rows: number, streams: number): Grouped {
  const start = new Uint32Array(streams + 2);
  for (let row = 0; row < rows; row++) start[Math.min(stream.get(row), streams) + 1]!++;
  for (let each = 0; each <= streams; each++) start[each + 1]! += start[each]!;
  const order = new Uint32Array(rows);
  const next = start.slice();
  for (let row = 0; row < rows; row++) order[next[Math.min(stream.get(row), streams)]!++] = row;
  return { start, order };
}

/** Lists of at most so many rows are sorted by insertion. */
const shortest = 64;
const keys = new Float64Array(shortest);

/**
 * Sorts `order` from `from` to `to` in place by `key`, and rows of the same key by `compare`. Most lists are short, and
 * their keys then lie side by side while they are sorted.
 */
export function sortRows(
  order: Uint32Array,
  { from, to }: { from: number; to: number },
  key: Field,
  compare: (a: number, b: number) => number,
): void {
  if (to - from > shortest) {
    order.subarray(from, to).sort((a, b) => key.get(a) - key.get(b) || compare(a, b));
    return;
  }
  for (let at = from; at < to; at++) {
    const row = order[at]!;
    const own = key.get(row);
    let place = at;
    while (place > from) {
      const other = keys[place - 1 - from]!;
      if (other < own || (other === own && compare(order[place - 1]!, row) <= 0)) break;
      keys[place - from] = other;
      order[place] = order[place - 1]!;
      place--;
    }
    keys[place - from] = own;
    order[place] = row;
  }
}
