import type { JudgedObject } from './judged-object.js';
import type { Part } from './part.js';

/** Which streams to judge. A stream counts whole when one event in it fits, or what the ledger says of it. */
export interface Selection {
  /** Milliseconds since 1970: an event received then or later, or that happened then where no server received it. */
  since?: number | undefined;
  /** Milliseconds since 1970: before then. */
  until?: number | undefined;
  page?: string | undefined;
  site?: string | undefined;
}

/** The streams of a part, and events without one, that are judged. */
export interface Chosen {
  has(stream: number): boolean;
  hasRow(row: number): boolean;
  /** Whether what an event says of what was dropped counts, by its row there. */
  hasDropped(row: number): boolean;
}

const all: Chosen = { has: () => true, hasRow: () => true, hasDropped: () => true };

/** Chooses streams. A stream of which the lake has nothing is on any page and site: nobody knows on which it was. */
export function chooseStreams({ facts }: Part, objects: readonly JudgedObject[], selection: Selection): Chosen {
  const { since = -Infinity, until = Infinity, page, site } = selection;
  if (since === -Infinity && until === Infinity && page === undefined && site === undefined) return all;
  const { claims, ledger, shared } = facts;
  const events = facts.events.at;
  const isThen = (time: number) => time >= since && time < until;
  // A site that no event has is none of the numbers.
  const siteNumber = site === undefined ? undefined : shared.sites.find(site);
  const fits = (of: Pick<typeof events, 'object' | 'site' | 'received' | 'happened'>, row: number) =>
    (page === undefined || objects[of.object.get(row)]!.page === page) &&
    (site === undefined || of.site.get(row) === siteNumber) &&
    isThen(Number.isNaN(of.received.get(row)) ? of.happened.get(row) : of.received.get(row));
  const hasRow = (row: number) => fits(events, row);
  const chosen = new Uint8Array(facts.streams.count);
  const seen = new Uint8Array(facts.streams.count);
  for (let row = 0; row < facts.events.length; row++) {
    const stream = events.stream.get(row);
    if (stream >= chosen.length) continue;
    seen[stream] = 1;
    if (hasRow(row)) chosen[stream] = 1;
  }
  for (let claim = 0; claim < claims.length; claim++) {
    if (!claims.at.isHeld.get(claim) && fits(claims.at, claim)) chosen[claims.at.stream.get(claim)] = 1;
  }
  const isAnywhere = page === undefined && site === undefined;
  for (let entry = 0; entry < ledger.length; entry++) {
    const stream = ledger.at.stream.get(entry);
    const received = shared.ledgerRows.at.received.get(ledger.at.row.get(entry));
    if ((isAnywhere || !seen[stream]) && isThen(received)) chosen[stream] = 1;
  }
  return { has: (stream) => chosen[stream] === 1, hasRow, hasDropped: (row) => fits(facts.dropped.at, row) };
}
