import type { LedgerRowFact } from './facts.js';
import type { Selection } from './selection.js';

/** Rows of the ledger that are not there: a run of numbers of one server, both ends included. */
export interface LedgerGap {
  server: string;
  first: number;
  last: number;
  /** The times of the rows before and after, in milliseconds since 1970; infinite where there is none. */
  after: number;
  before: number;
}

/** What the rows of the ledger show, apart from what they name. */
export interface LedgerRows {
  /** There is a row, of whatever kind. */
  isThere: boolean;
  /** Different rows, by server and number. */
  rows: number;
  servers: number;
  /** Rows that no server wrote so. */
  unreadable: number;
  /** The times of the first and the last; NaN without rows. */
  from: number;
  to: number;
  missing: number;
  /** Rows that may not be delivered yet: those that follow are in recent objects. */
  underWay: number;
  gaps: LedgerGap[];
}

/**
 * Finds the rows that are missing: each server numbers its rows from 0 without gaps. What it wrote last and nothing
 * followed is not known to be missing. With a period, gaps that lie outside it do not count.
 */
export function checkLedgerRows(
  facts: readonly LedgerRowFact[],
  isRecent: (object: number) => boolean,
  { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY }: Selection = {},
): LedgerRows {
  const found: LedgerRows = {
    isThere: facts.length > 0,
    rows: 0,
    servers: 0,
    unreadable: 0,
    from: Number.NaN,
    to: Number.NaN,
    missing: 0,
    underWay: 0,
    gaps: [],
  };
  const servers = new Map<string, LedgerRowFact[]>();
  for (const fact of facts) {
    const { received } = fact;
    if (!(received >= found.from)) found.from = Number.isNaN(received) ? found.from : received;
    if (!(received <= found.to)) found.to = Number.isNaN(received) ? found.to : received;
    if (!fact.readable && !(received < since || received >= until)) found.unreadable += 1;
    if (Number.isNaN(fact.row)) continue;
    const rows = servers.get(fact.server);
    if (rows) rows.push(fact);
    else servers.set(fact.server, [fact]);
  }
  found.servers = servers.size;
  for (const [server, rows] of servers) {
    rows.sort((a, b) => a.row - b.row);
    let next = 0;
    let after = Number.NEGATIVE_INFINITY;
    for (const { row, received, object } of rows) {
      if (row >= next) found.rows += 1;
      const before = Number.isNaN(received) ? Number.POSITIVE_INFINITY : received;
      if (row > next && before >= since && after < until) {
        if (isRecent(object)) found.underWay += row - next;
        else {
          found.missing += row - next;
          found.gaps.push({ server, first: next, last: row - 1, after, before });
        }
      }
      next = Math.max(next, row + 1);
      if (!Number.isNaN(received)) after = Math.max(after, received);
    }
  }
  return found;
}

/**
 * From when on the ledger names what a server acknowledged: the time of its first row, or always when the first row of
 * a server is missing, whose time nobody knows. Infinite without rows.
 */
export function ledgerBegin(facts: readonly LedgerRowFact[]): number {
  let begin = Number.POSITIVE_INFINITY;
  const first = new Map<string, number>();
  for (const { server, row, received } of facts) {
    if (received < begin) begin = received;
    if (row < (first.get(server) ?? Number.POSITIVE_INFINITY)) first.set(server, row);
  }
  return [...first.values()].some((row) => row > 0) ? Number.NEGATIVE_INFINITY : begin;
}
