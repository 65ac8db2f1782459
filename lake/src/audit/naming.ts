import { type Facts, marks } from './facts.js';
import type { GroupedFacts } from './group.js';

const checkOf = (bits: number) => bits & 0xffffff;

/** Compares events at one position of a stream: copies side by side, the one received first before the others. */
export function compareEvents({ events }: Facts): (a: number, b: number) => number {
  const { check, idA, idB, received, object } = events.at;
  const arrival = (row: number) => (Number.isNaN(received.get(row)) ? Number.MAX_VALUE : received.get(row));
  return (a, b) =>
    (check.get(a) & marks.id) - (check.get(b) & marks.id) ||
    idA.get(a) - idA.get(b) ||
    idB.get(a) - idB.get(b) ||
    arrival(a) - arrival(b) ||
    object.get(a) - object.get(b) ||
    a - b;
}

/** Whether a row is the same event as the one before it in that order: the same id, stream and position. */
export function isCopy({ events }: Facts, before: number, row: number): boolean {
  const { seq, check, idA, idB } = events.at;
  return (
    seq.get(before) === seq.get(row) &&
    idA.get(before) === idA.get(row) &&
    idB.get(before) === idB.get(row) &&
    (check.get(before) & check.get(row) & marks.id) !== 0
  );
}

/**
 * Compares entries of the ledger at one position of a stream. Of those that name the same event, one in no recent
 * object comes first.
 */
export function compareEntries(
  { ledger, shared }: Facts,
  isRecent: (object: number) => boolean,
): (a: number, b: number) => number {
  const { check, row } = ledger.at;
  const { object } = shared.ledgerRows.at;
  const recent = (entry: number) => Number(isRecent(object.get(row.get(entry))));
  return (a, b) => check.get(a) - check.get(b) || recent(a) - recent(b) || a - b;
}

/** What the ledger says of the events of a part. */
export interface Named {
  /** 1 for each row of `events` that the ledger names. */
  events: Uint8Array;
  /** By stream, the rows of `ledger` whose event neither the lake nor what is held has, by position. */
  lost: Map<number, number[]>;
  /** How many events it names, by stream. */
  acknowledged: Uint32Array;
}

/** Compares part of a lake with its ledger. */
export function nameEvents(part: GroupedFacts): Named {
  const { facts, ledger } = part;
  const streams = facts.streams.count;
  const named: Named = {
    events: new Uint8Array(facts.events.length),
    lost: new Map(),
    acknowledged: new Uint32Array(streams),
  };
  for (let stream = 0; stream < streams; stream++) {
    if (ledger.start[stream] !== ledger.start[stream + 1]) nameStream(part, stream, named);
  }
  return named;
}

function nameStream(part: GroupedFacts, stream: number, named: Named): void {
  const { facts } = part;
  const entries = facts.ledger.at;
  const { seq: seqs, check: checks } = facts.events.at;
  const { order } = part.events;
  const end = part.events.start[stream + 1]!;
  let from = part.events.start[stream]!;
  const last = part.ledger.start[stream + 1]!;
  let before = -1;
  for (let at = part.ledger.start[stream]!; at < last; at++) {
    const entry = part.ledger.order[at]!;
    const seq = entries.seq.get(entry);
    const check = entries.check.get(entry);
    if (before >= 0 && entries.seq.get(before) === seq && entries.check.get(before) === check) continue;
    before = entry;
    named.acknowledged[stream]!++;
    while (from < end && seqs.get(order[from]!) < seq) from++;
    let isThere = false;
    for (let to = from; to < end && seqs.get(order[to]!) === seq; to++) {
      const mark = checks.get(order[to]!);
      if (checkOf(mark) !== check || !(mark & marks.id)) continue;
      named.events[order[to]!] = 1;
      isThere = true;
    }
    if (isThere || isHeld(part, stream, seq, check)) continue;
    const lost = named.lost.get(stream);
    if (lost) lost.push(entry);
    else named.lost.set(stream, [entry]);
  }
}

function isHeld({ facts, held }: GroupedFacts, stream: number, seq: number, check: number): boolean {
  const { at } = facts.held;
  for (let place = held.start[stream]!; place < held.start[stream + 1]!; place++) {
    const row = held.order[place]!;
    if (at.seq.get(row) === seq && at.check.get(row) === check) return true;
  }
  return false;
}
