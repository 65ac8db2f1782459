import type { SharedFacts } from './facts.js';
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
  /** Those, by the hour in which they say they were written; NaN for none. */
  unreadableByHour: Map<number, number>;
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
  { ledgerRows, servers }: SharedFacts,
  isRecent: (object: number) => boolean,
  { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY }: Selection = {},
): LedgerRows {
  const { row: numbers, received, server, object, isReadable } = ledgerRows.at;
  const found: LedgerRows = {
    isThere: ledgerRows.length > 0,
    rows: 0,
    servers: 0,
    unreadable: 0,
    unreadableByHour: new Map(),
    from: Number.NaN,
    to: Number.NaN,
    missing: 0,
    underWay: 0,
    gaps: [],
  };
  for (let row = 0; row < ledgerRows.length; row++) {
    const time = received.get(row);
    if (!(time >= found.from)) found.from = Number.isNaN(time) ? found.from : time;
    if (!(time <= found.to)) found.to = Number.isNaN(time) ? found.to : time;
    if (isReadable.get(row) || time < since || time >= until) continue;
    const hour = Math.floor(time / 3_600_000);
    found.unreadable += 1;
    found.unreadableByHour.set(hour, (found.unreadableByHour.get(hour) ?? 0) + 1);
  }
  let next = 0;
  let after = Number.NEGATIVE_INFINITY;
  let before = -1;
  for (const row of numberedRows(ledgerRows)) {
    if (before < 0 || server.get(row) !== server.get(before)) {
      found.servers += 1;
      next = 0;
      after = Number.NEGATIVE_INFINITY;
    }
    before = row;
    const number = numbers.get(row);
    const time = Number.isNaN(received.get(row)) ? Number.POSITIVE_INFINITY : received.get(row);
    if (number >= next) found.rows += 1;
    if (number > next && time >= since && after < until) {
      if (isRecent(object.get(row))) found.underWay += number - next;
      else {
        found.missing += number - next;
        found.gaps.push({ server: servers.text(server.get(row)), first: next, last: number - 1, after, before: time });
      }
    }
    next = Math.max(next, number + 1);
    if (Number.isFinite(time)) after = Math.max(after, time);
  }
  return found;
}

/** The rows that have a number, by server and number. */
function numberedRows({ at, length }: SharedFacts['ledgerRows']): Uint32Array {
  const rows = Uint32Array.from({ length }, (_, row) => row).filter((row) => !Number.isNaN(at.row.get(row)));
  return rows.sort((a, b) => at.server.get(a) - at.server.get(b) || at.row.get(a) - at.row.get(b) || a - b);
}

/**
 * From when on the ledger names what a server acknowledged: the time of its first row, or always when the first row of
 * a server is missing, whose time nobody knows. Infinite without rows.
 */
export function ledgerBegin({ at, length }: SharedFacts['ledgerRows']): number {
  let begin = Number.POSITIVE_INFINITY;
  const first = new Map<number, number>();
  for (let row = 0; row < length; row++) {
    const [number, server] = [at.row.get(row), at.server.get(row)];
    if (at.received.get(row) < begin) begin = at.received.get(row);
    if (number < (first.get(server) ?? Number.POSITIVE_INFINITY)) first.set(server, number);
  }
  return [...first.values()].some((row) => row > 0) ? Number.NEGATIVE_INFINITY : begin;
}
