import { byHeld, type Facts } from './facts.js';
import type { JudgedObject } from './judged-object.js';

/** Which streams to judge. A stream counts whole when one event in it fits, or what the ledger says of it. */
export interface Selection {
  /** Milliseconds since 1970: an event received then or later, or that happened then where no server received it. */
  since?: number | undefined;
  /** Milliseconds since 1970: before then. */
  until?: number | undefined;
  page?: string | undefined;
}

/** The streams, and events without one, that are judged. */
export interface Chosen {
  has(stream: number): boolean;
  hasRow(row: number): boolean;
}

/** Chooses streams. A stream of which the lake has nothing is on any page: nobody knows on which it was. */
export function chooseStreams(facts: Facts, objects: readonly JudgedObject[], selection: Selection): Chosen {
  const { since = -Infinity, until = Infinity, page } = selection;
  const isAll = since === -Infinity && until === Infinity && page === undefined;
  if (isAll) return { has: () => true, hasRow: () => true };
  const { events, claims, ledger, ledgerRows } = facts;
  const isThen = (time: number) => time >= since && time < until;
  const hasRow = (row: number) => {
    const received = events.get('received', row);
    const isOnPage = page === undefined || objects[events.get('object', row)]!.page === page;
    return isOnPage && isThen(Number.isNaN(received) ? events.get('happened', row) : received);
  };
  const chosen = new Uint8Array(facts.streams.count);
  const seen = new Uint8Array(facts.streams.count);
  for (let row = 0; row < events.length; row++) {
    const stream = events.get('stream', row);
    if (stream >= chosen.length) continue;
    seen[stream] = 1;
    if (hasRow(row)) chosen[stream] = 1;
  }
  for (let claim = 0; claim < claims.length; claim++) {
    const by = claims.get('by', claim);
    if (by !== byHeld && hasRow(by)) chosen[claims.get('stream', claim)] = 1;
  }
  for (let entry = 0; entry < ledger.length; entry++) {
    const stream = ledger.get('stream', entry);
    if ((page === undefined || !seen[stream]) && isThen(ledgerRows[ledger.get('row', entry)]!.received))
      chosen[stream] = 1;
  }
  return { has: (stream) => chosen[stream] === 1, hasRow };
}
