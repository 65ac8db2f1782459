/** An event as the order of its stream needs it. */
export interface Arrival {
  seq: number;
  /** NaN when no server received it. */
  received: number;
  object: number;
  /** Its place in the order of reading. */
  row: number;
}

/**
 * How many events are out of order: an event of their stream with a higher position was received earlier. Where an
 * event lies says nothing: page and event spread a batch over objects, and a server that spreads evenly puts a
 * visitor's events into several shards, which are read at different times. Events that no server received are judged
 * by their place in an object: nothing else tells when they came.
 */
export function outOfOrder(arrivals: readonly Arrival[]): number {
  const received = arrivals.filter((each) => !Number.isNaN(each.received));
  const straight = arrivals.filter((each) => Number.isNaN(each.received));
  received.sort((a, b) => a.received - b.received || a.seq - b.seq);
  straight.sort((a, b) => a.object - b.object || a.row - b.row);
  let count = 0;
  let highest = -1;
  for (const { seq } of received) {
    if (seq < highest) count += 1;
    else highest = seq;
  }
  for (const [at, { seq, object }] of straight.entries()) {
    if (at === 0 || straight[at - 1]!.object !== object) highest = -1;
    if (seq < highest) count += 1;
    else highest = seq;
  }
  return count;
}
