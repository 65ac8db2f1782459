import { type Facts, marks } from './facts.js';
import type { GroupedFacts } from './group.js';

const checkOf = (bits: number) => bits & 0xffffff;

/** Compares events of one stream: by position, then copies side by side, the one received first before the others. */
export function compareEvents({ events }: Facts): (a: number, b: number) => number {
  const { seq, check, idA, idB, received, object } = events.at;
  const arrival = (row: number) => (Number.isNaN(received[row]!) ? Number.MAX_VALUE : received[row]!);
  return (a, b) =>
    seq[a]! - seq[b]! ||
    (check[a]! & marks.id) - (check[b]! & marks.id) ||
    idA[a]! - idA[b]! ||
    idB[a]! - idB[b]! ||
    arrival(a) - arrival(b) ||
    object[a]! - object[b]! ||
    a - b;
}

/** Whether a row is the same event as the one before it in that order: the same id, stream and position. */
export function isCopy({ events }: Facts, before: number, row: number): boolean {
  const { seq, check, idA, idB } = events.at;
  return (
    seq[before] === seq[row] &&
    idA[before] === idA[row] &&
    idB[before] === idB[row] &&
    (check[before]! & check[row]! & marks.id) !== 0
  );
}

/** Compares entries of the ledger. Of those that name the same event, one in no recent object comes first. */
export function compareEntries(
  { ledger, shared }: Facts,
  isRecent: (object: number) => boolean,
): (a: number, b: number) => number {
  const { seq, check, row } = ledger.at;
  const { object } = shared.ledgerRows.at;
  const recent = (entry: number) => Number(isRecent(object[row[entry]!]!));
  return (a, b) => seq[a]! - seq[b]! || check[a]! - check[b]! || recent(a) - recent(b) || a - b;
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
    const seq = entries.seq[entry]!;
    const check = entries.check[entry]!;
    if (before >= 0 && entries.seq[before] === seq && entries.check[before] === check) continue;
    before = entry;
    named.acknowledged[stream]!++;
    while (from < end && seqs[order[from]!]! < seq) from++;
    let isThere = false;
    for (let to = from; to < end && seqs[order[to]!] === seq; to++) {
      const mark = checks[order[to]!]!;
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
    if (at.seq[row] === seq && at.check[row] === check) return true;
  }
  return false;
}
