import type { Facts } from './facts.js';
import { type Grouped, type GroupedFacts, groupByStream, sortRows } from './group.js';
import { compareEntries, compareEvents, type Named, nameEvents } from './naming.js';
import type { Field } from './rows.js';

/** The facts of some streams, by stream. */
export class Part implements GroupedFacts {
  readonly facts: Facts;
  readonly events: Grouped;
  readonly claims: Grouped;
  readonly ledger: Grouped;
  readonly held: Grouped;
  readonly dropped: Grouped;
  readonly named: Named;

  constructor(facts: Facts, isRecent: (object: number) => boolean) {
    this.facts = facts;
    const streams = facts.streams.count;
    const { events, claims, ledger, held, dropped } = facts;
    this.events = groupByStream(events.at.stream, events.length, streams);
    this.claims = groupByStream(claims.at.stream, claims.length, streams);
    this.ledger = groupByStream(ledger.at.stream, ledger.length, streams);
    this.held = groupByStream(held.at.stream, held.length, streams);
    this.dropped = groupByStream(dropped.at.stream, dropped.length, streams);
    sortEach(this.events, events.at.seq, compareEvents(facts));
    sortEach(this.ledger, ledger.at.seq, compareEntries(facts, isRecent));
    this.named = nameEvents(this);
  }
}

function sortEach({ start, order }: Grouped, key: Field, compare: (a: number, b: number) => number): void {
  for (let stream = 0; stream < start.length - 1; stream++) {
    const [from, to] = [start[stream]!, start[stream + 1]!];
    if (to - from > 1) sortRows(order, { from, to }, key, compare);
  }
}
