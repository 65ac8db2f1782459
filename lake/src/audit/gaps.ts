/** The most events that one claim can say are missing. A longer gap is implausible, and counted as such. */
const mostPerClaim = 10_000;

/**
 * Who says that the positions before a point exist: an event that the ledger names (the page's word), one of a time or
 * a way without a ledger, or one that a server received while there was a ledger and that no row names.
 */
export type Claimer = 'acknowledged' | 'unledgered' | 'unexplained';

/** A position of a stream that is known of. */
export interface Point {
  seq: number;
  /**
   * `there`: its event is in the lake or in an error object. `lost`: the ledger names it, and nothing has it. `told`:
   * the visitor's next stream says that this one got so far.
   */
  kind: 'there' | 'lost' | 'told';
  claimer: Claimer;
  /** When the event that makes the claim was received, else when it happened, and its version; absent without one. */
  by?: { time: number; sdk: number };
}

const kindRank = { there: 0, lost: 1, told: 2 };
const claimerRank = { unledgered: 0, acknowledged: 1, unexplained: 2 };

/** The order of a stream's points. Of several that tell the same position, that without a ledger has the word. */
export const comparePoints = (a: Point, b: Point): number =>
  a.seq - b.seq || kindRank[a.kind] - kindRank[b.kind] || claimerRank[a.claimer] - claimerRank[b.claimer];

/** A run of positions that nothing has, both ends included. */
export interface Gap {
  first: number;
  last: number;
  /** Who claims that they exist; undefined for a lost position, which the ledger names. */
  claim: Point | undefined;
}

/** What the points of one stream show. */
export interface Gaps {
  gaps: Gap[];
  /** Claims of more than `mostPerClaim`. */
  implausible: number;
  /** The highest position that is there, lost, or plausibly told; -1 for none. */
  last: number;
  /** The visitor's next stream says where it ends, and no event has a higher position. */
  isTailKnown: boolean;
}

/** Finds the gaps of a stream. `points` and `quarantined`, positions whose event was refused, are sorted by `seq`. */
export function findGaps(points: readonly Point[], quarantined: readonly number[]): Gaps {
  const found: Gaps = { gaps: [], implausible: 0, last: -1, isTailKnown: false };
  let refused = 0;
  let seen = -1;
  let told = -1;
  const addRuns = (first: number, last: number, claim: Point | undefined) => {
    let from = first;
    for (; refused < quarantined.length && quarantined[refused]! <= last; refused++) {
      const at = quarantined[refused]!;
      if (at > from) found.gaps.push({ first: from, last: at - 1, claim });
      from = Math.max(from, at + 1);
    }
    if (from <= last) found.gaps.push({ first: from, last, claim });
  };
  for (const point of points) {
    const { seq, kind } = point;
    const last = kind === 'told' ? seq : seq - 1;
    const isPlausible = last - found.last <= mostPerClaim;
    if (isPlausible) addRuns(found.last + 1, last, point);
    else found.implausible += 1;
    if (kind === 'told') {
      if (!isPlausible) continue;
      told = seq;
    } else {
      if (kind === 'lost' && seq > found.last) addRuns(Math.max(seq, found.last + 1), seq, undefined);
      seen = seq;
    }
    found.last = Math.max(found.last, seq);
  }
  found.isTailKnown = told >= 0 && told >= seen;
  return found;
}
