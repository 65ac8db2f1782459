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

/** Sorts `order` from `from` to `to` in place. Most lists are in order already, and most others are short. */
export function sortRows(
  order: Uint32Array,
  from: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  let at = from + 1;
  while (at < to && compare(order[at - 1]!, order[at]!) <= 0) at++;
  if (at >= to) return;
  if (to - from > 64) {
    order.subarray(from, to).sort(compare);
    return;
  }
  for (; at < to; at++) {
    const row = order[at]!;
    let place = at;
    while (place > from && compare(order[place - 1]!, row) > 0) {
      order[place] = order[place - 1]!;
      place--;
    }
    order[place] = row;
  }
}
