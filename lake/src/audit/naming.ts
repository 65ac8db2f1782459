import { type Facts, type HeldEvent, marks } from './facts.js';
import { type Grouped, rowsOf, sortRows } from './group.js';

const checkOf = (bits: number) => bits & 0xffffff;

/** Compares events of one stream: by position, then copies side by side, the one received first before the others. */
export function compareEvents({ events }: Facts): (a: number, b: number) => number {
  const by = (name: 'seq' | 'idA' | 'idB', a: number, b: number) => events.get(name, a) - events.get(name, b);
  const arrival = (row: number) => {
    const received = events.get('received', row);
    return Number.isNaN(received) ? Number.MAX_VALUE : received;
  };
  return (a, b) =>
    by('seq', a, b) ||
    (events.get('check', a) & marks.id) - (events.get('check', b) & marks.id) ||
    by('idA', a, b) ||
    by('idB', a, b) ||
    arrival(a) - arrival(b) ||
    a - b;
}

/** Whether a row is the same event as the one before it in that order: the same id, stream and position. */
export function isCopy({ events }: Facts, before: number, row: number): boolean {
  return (
    events.get('seq', before) === events.get('seq', row) &&
    events.get('idA', before) === events.get('idA', row) &&
    events.get('idB', before) === events.get('idB', row) &&
    (events.get('check', before) & events.get('check', row) & marks.id) !== 0
  );
}

/** Whether two entries of the ledger name the same event: a row may have been put twice. */
const isSame = ({ ledger }: Facts, a: number, b: number) =>
  ledger.get('seq', a) === ledger.get('seq', b) && ledger.get('check', a) === ledger.get('check', b);

/** How many events the entries of a stream name, which `nameEvents` has sorted. */
export function countAcknowledged(facts: Facts, entries: Uint32Array): number {
  let count = 0;
  for (let at = 0; at < entries.length; at++) {
    if (at === 0 || !isSame(facts, entries[at - 1]!, entries[at]!)) count += 1;
  }
  return count;
}

/**
 * Marks the events of a stream that the ledger names. Returns the rows of `ledger` whose event neither the lake nor
 * what is held has. `eventRows` and what is returned are sorted by position. Of rows that name the same event, one in
 * an object that is not recent counts.
 */
export function nameEvents(
  facts: Facts,
  eventRows: Uint32Array,
  ledger: Grouped,
  stream: number,
  held: readonly HeldEvent[],
  isRecent: (object: number) => boolean,
): number[] {
  const { events, ledger: entries, ledgerRows } = facts;
  const recent = (entry: number) => Number(isRecent(ledgerRows[entries.get('row', entry)]!.object));
  const rows = rowsOf(ledger, stream);
  const by = (name: 'seq' | 'check', a: number, b: number) => entries.get(name, a) - entries.get(name, b);
  sortRows(rows, (a, b) => by('seq', a, b) || by('check', a, b) || recent(a) - recent(b) || a - b);
  const lost: number[] = [];
  let from = 0;
  for (let at = 0; at < rows.length; at++) {
    const entry = rows[at]!;
    const seq = entries.get('seq', entry);
    const check = entries.get('check', entry);
    if (at > 0 && isSame(facts, rows[at - 1]!, entry)) continue;
    while (from < eventRows.length && events.get('seq', eventRows[from]!) < seq) from++;
    let isThere = false;
    for (let to = from; to < eventRows.length && events.get('seq', eventRows[to]!) === seq; to++) {
      const mark = events.get('check', eventRows[to]!);
      if (checkOf(mark) !== check || !(mark & marks.id)) continue;
      events.set('check', eventRows[to]!, mark | marks.named);
      isThere = true;
    }
    if (!isThere && !held.some((each) => each.seq === seq && each.check === check)) lost.push(entry);
  }
  return lost;
}
