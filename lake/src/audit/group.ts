/**
 * Rows by stream: those of `stream` are `order[start[stream]] … order[start[stream + 1] - 1]`, in the order of reading.
 */
export interface Grouped {
  start: Uint32Array;
  order: Uint32Array;
}

/** Rows that have a stream. */
export interface RowsWithStream {
  readonly length: number;
  get(name: 'stream', row: number): number;
}

/** Sorts rows by their stream, by counting. Rows without one come last, as stream number `streams`. */
export function groupByStream(rows: RowsWithStream, streams: number): Grouped {
  const start = new Uint32Array(streams + 2);
  const streamOf = (row: number) => Math.min(rows.get('stream', row), streams);
  for (let row = 0; row < rows.length; row++) start[streamOf(row) + 1]!++;
  for (let stream = 0; stream <= streams; stream++) start[stream + 1]! += start[stream]!;
  const order = new Uint32Array(rows.length);
  const next = start.slice();
  for (let row = 0; row < rows.length; row++) order[next[streamOf(row)]!++] = row;
  return { start, order };
}

/** The rows of one stream; a view, which can be sorted in place. */
export function rowsOf({ start, order }: Grouped, stream: number): Uint32Array {
  const [from, to] = [start[stream]!, start[stream + 1]!];
  return from === to ? none : order.subarray(from, to);
}

const none = new Uint32Array(0);

/** Sorts in place. Most lists are in order already, and most others are short. */
export function sortRows(rows: Uint32Array, compare: (a: number, b: number) => number): void {
  let at = 1;
  while (at < rows.length && compare(rows[at - 1]!, rows[at]!) <= 0) at++;
  if (at >= rows.length) return;
  if (rows.length > 64) {
    rows.sort(compare);
    return;
  }
  for (; at < rows.length; at++) {
    const row = rows[at]!;
    let to = at;
    while (to > 0 && compare(rows[to - 1]!, row) > 0) {
      rows[to] = rows[to - 1]!;
      to--;
    }
    rows[to] = row;
  }
}
