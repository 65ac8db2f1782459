import { rmSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LedgerIdentity, ledgerText } from '@millrace/sdk/schema';
import { event, temporaryLake } from '@millrace/testing/lake-fixture';
import { type AuditableLake, type AuditOptions, openLake } from '../src/index.js';

let at: ReturnType<typeof temporaryLake>;
let lake: AuditableLake;
beforeEach(async () => {
  at = temporaryLake();
  lake = await openLake({ folder: at.folder });
});
afterEach(async () => {
  await lake.close();
  at.remove();
});

const audit = (options: AuditOptions = {}) => lake.audit({ settleMs: 0, ...options });
const stream = (stream_id: string, seqs: number[], more: Record<string, unknown> = {}) =>
  seqs.map((seq) => event({ stream_id, seq, site: 'shop', ...more }));
const row = (server_row: number, events: Record<string, unknown>[], more: Record<string, unknown> = {}) => ({
  page: '_ledger',
  event: '_acknowledged',
  received_at: '2026-11-23T08:00:00.300Z',
  server: 'run.0',
  server_row,
  acknowledged: ledgerText(events as unknown as LedgerIdentity[]),
  ...more,
});
const putRows = (...rows: Record<string, unknown>[]) => at.put('_ledger', '_acknowledged', ...rows);

describe('what the ledger names', () => {
  test('and the lake has is proved; what it has not was lost by us, also whole streams and last events', async () => {
    const [a, b] = [stream('A', [0, 1, 2]), stream('B', [0])];
    putRows(row(0, a), row(1, b));
    at.put('books', 'liked_item', ...a);
    const key = at.put('food', 'liked_item', ...b);
    expect(await audit()).toMatchObject({ verdict: 'complete', lost_by_us: 0, ledger: { rows: 2, acknowledged: 4 } });
    rmSync(at.file(key));
    at.put('food', 'x', event({ stream_id: 'C', seq: 0, after_stream_id: 'A', after_seq: 2, received_at: undefined }));
    const report = await audit();
    expect(report).toMatchObject({ verdict: 'lost', lost_by_us: 1, unexplained: 0, never_acknowledged: 0 });
    expect(report.worst).toMatchObject([{ stream_id: 'B', events: 0, lost_by_us: 1, gaps: [{ first: 0, last: 0 }] }]);
    expect(report.by_hour).toMatchObject([{ hour: '2026-11-23T08:00:00.000Z', lost_by_us: 1 }]);
  });

  test('is not lost when it is held: in quarantine, in an error object', async () => {
    const [first, second] = stream('A', [0, 1]) as [Record<string, unknown>, Record<string, unknown>];
    putRows(row(0, [first, second]));
    at.put('_quarantine', '_invalid_event', { event_id: 'x', reason: 'r', raw: JSON.stringify(first) });
    const rawData = Buffer.from(`${JSON.stringify(second)}\n`).toString('base64');
    at.writeBytes('errors/x/2026/11/23/08/a', `${JSON.stringify({ rawData })}\n`);
    expect(await audit()).toMatchObject({ verdict: 'complete', lost_by_us: 0, held: { quarantine: 1, errors: 1 } });
  });

  test('is not there by another event at its number, nor by its copy in another stream', async () => {
    const [real, forged] = [event({ stream_id: 'A', seq: 0 }), event({ stream_id: 'A', seq: 0 })];
    putRows(row(0, [real, forged]));
    at.put('books', 'liked_item', forged, { ...real, stream_id: 'B' });
    expect(await audit()).toMatchObject({ verdict: 'lost', lost_by_us: 1 });
  });

  test('by two rows of one number is the union; an empty row fills a gap; a row twice is one', async () => {
    const [a, b] = [stream('A', [0]), stream('B', [0])];
    putRows(row(0, a), row(0, b), row(0, a), row(1, []), row(2, []));
    at.put('books', 'liked_item', ...a, ...b);
    expect(await audit()).toMatchObject({ verdict: 'complete', ledger: { rows: 3, acknowledged: 2, missing_rows: 0 } });
  });
});

describe('what no acknowledgement covers', () => {
  test.each([
    ['a gap', { seq: 5 }, 5],
    ['the end of a stream', { seq: 0, after_stream_id: 'B', after_seq: 6 }, 7],
    ['10,000 events', { seq: 10_000 }, 10_000],
    ['more than a claim may', { seq: 10_001 }, 0],
  ])('is the page’s word and changes no verdict: %s', async (_, claim, never) => {
    const all = stream('A', [claim.seq], claim);
    putRows(row(0, all));
    at.put('books', 'liked_item', ...all);
    const report = await audit();
    expect(report).toMatchObject({ verdict: 'complete', lost_by_us: 0, never_acknowledged: never });
    expect(report.implausible).toBe(never === 0 ? 1 : 0);
  });
});

describe('where the ledger is not whole', () => {
  test.each([
    ['in the middle', [0, 2], [{ first: 1, last: 1 }]],
    ['at the start', [2, 3], [{ first: 0, last: 1 }]],
    [
      'twice',
      [1, 3],
      [
        { first: 0, last: 0 },
        { first: 2, last: 2 },
      ],
    ],
  ])('rows that are missing %s make it "cannot say"', async (_, numbers, gaps) => {
    const all = stream('A', [0, 1]);
    putRows(...numbers.map((number, index) => row(number, [all[index]!])));
    at.put('books', 'liked_item', ...all);
    expect(await audit()).toMatchObject({ verdict: 'cannot_say', lost_by_us: 0, ledger: { gaps } });
    expect(await audit({ since: Date.parse('2026-11-24') })).toMatchObject({ verdict: 'nothing' });
  });

  test('a row that no server wrote so, and an event that no row names, make it "cannot say"', async () => {
    const all = stream('A', [0, 1]);
    at.put('books', 'liked_item', ...all);
    putRows(row(0, all), row(1, [], { acknowledged: 'A:0:' }));
    expect(await audit()).toMatchObject({ verdict: 'cannot_say', ledger: { unreadable_rows: 1 } });
    putRows(row(1, []));
    at.put('books', 'liked_item', ...stream('B', [0], { received_at: '2026-11-23T08:01:00.000Z' }));
    expect(await audit()).toMatchObject({ verdict: 'cannot_say', unexplained: 1 });
  });

  test('a server before 0.2.0 beside it leaves only its own events without: those stamped with no site', async () => {
    const [a, b] = [
      stream('A', [0, 1]),
      stream('B', [0, 1], { site: undefined, received_at: '2026-11-23T08:01:00.000Z' }),
    ];
    putRows(row(0, a));
    at.put('books', 'x', ...a, ...b);
    expect(await audit()).toMatchObject({
      verdict: 'complete',
      unexplained: 0,
      without_ledger: { events: 2, missing: 0 },
    });
    at.put('books', 'y', ...stream('B', [3], { site: undefined, received_at: '2026-11-23T08:01:00.000Z' }));
    expect(await audit()).toMatchObject({ verdict: 'lost', lost_by_us: 0, without_ledger: { events: 3, missing: 1 } });
  });

  test('the times that are in doubt are named, and what lies outside them is proved', async () => {
    const at9 = (minute: string) => ({ received_at: `2026-11-23T09:${minute}:00.000Z` });
    const [a, b, c] = [stream('A', [0, 1]), stream('B', [0], at9('10')), stream('C', [0], at9('20'))];
    const later = stream('D', [0], { received_at: '2026-11-23T12:30:00.000Z' });
    putRows(
      row(0, a),
      row(1, [], at9('05')),
      row(3, b, at9('11')),
      row(4, [], { acknowledged: 'x', ...at9('59') }),
      row(5, later, { received_at: '2026-11-23T12:30:01.000Z' }),
    );
    at.put('books', 'x', ...a, ...b, ...c, ...later);
    const report = await audit();
    const nine = { from: '2026-11-23T09:00:00.000Z', to: '2026-11-23T10:00:00.000Z' };
    expect(report).toMatchObject({ verdict: 'cannot_say', lost_by_us: 0 });
    expect(report.doubts).toEqual([
      { ...nine, why: 'unexplained', count: 1 },
      { ...nine, why: 'unreadable_rows', count: 1 },
      { from: '2026-11-23T09:05:00.000Z', to: '2026-11-23T09:11:00.000Z', why: 'missing_rows', count: 1 },
    ]);
    expect(await audit({ since: Date.parse(nine.to) })).toMatchObject({ verdict: 'complete', doubts: [], events: 1 });
    expect(await audit({ until: Date.parse(nine.from) })).toMatchObject({ verdict: 'complete', doubts: [], events: 2 });
    at.writeBytes('page=books/event=x/cut.gz', Buffer.from('1f8b', 'hex'));
    const damaged = await audit({ until: Date.parse(nine.from) });
    expect(damaged.doubts).toEqual([{ from: null, to: null, why: 'damaged', count: 1 }]);
  });

  test('events before its time, or put straight into the stream, are audited by their numbers', async () => {
    putRows(row(0, []));
    at.put('books', 'a', ...stream('A', [0, 1], { received_at: '2026-11-22T08:00:00.000Z' }));
    at.put('books', 'b', ...stream('B', [0, 1], { received_at: undefined }));
    expect(await audit()).toMatchObject({
      verdict: 'complete',
      unexplained: 0,
      without_ledger: { events: 4, missing: 0 },
    });
    at.put('books', 'c', ...stream('C', [2], { received_at: undefined }));
    expect(await audit()).toMatchObject({ verdict: 'lost', lost_by_us: 0, without_ledger: { events: 5, missing: 2 } });
  });
});

test('what belongs to an object of the last minutes may still come: it is under way, and decides nothing', async () => {
  const [a, b] = [stream('A', [0, 1]), stream('B', [0], { received_at: '2026-11-23T08:01:00.000Z' })];
  const key = putRows(row(0, a));
  at.put('food', 'b', ...b);
  putRows(row(2, []));
  const under_way = { unnamed: 1, undelivered: 2, ledger_rows: 1 };
  expect(await audit({ settleMs: 60_000 })).toMatchObject({
    verdict: 'complete',
    missing: 0,
    lost_by_us: 0,
    under_way,
  });
  utimesSync(at.file(key), 0, 0);
  expect(await audit({ settleMs: 60_000 })).toMatchObject({ verdict: 'lost', lost_by_us: 2 });
});

describe('the causes of what is not there', () => {
  test('are those of the quarantine and of error objects, by their codes', async () => {
    const [first, second, third] = stream('A', [0, 1, 2]) as [object, object, object];
    at.put('books', 'x', ...stream('A', [3]));
    at.put('_quarantine', '_invalid_event', { event_id: 'x', reason: 'r', raw: JSON.stringify(first) });
    at.put('_quarantine', '_too_large', { event_id: 'x', reason: 'r', raw: JSON.stringify(second) });
    const rawData = Buffer.from(`${JSON.stringify(third)}\n`).toString('base64');
    at.writeBytes('errors/format-conversion-failed/2026/11/23/08/a', `${JSON.stringify({ rawData })}\n`);
    const causes = { quarantine: { invalid_event: 1, too_large: 1 }, errors: { 'format-conversion-failed': 1 } };
    expect(await audit()).toMatchObject({ missing: 0, held: { quarantine: 2, errors: 1, causes } });
  });

  test.each<[string, [Record<string, unknown>, Record<string, unknown>?][], Record<string, number>]>([
    [
      'totals, of which each event counts what it adds',
      [[{ full: 3 }], [{ full: 5, old: 1 }], [{ full: 5, old: 1 }]],
      { full: 5, old: 1 },
    ],
    ['those of each visitor', [[{ full: 3 }], [{ full: 2 }, { visitor_id: 'v2' }]], { full: 5 }],
    ['a new count after a smaller one', [[{ field: 9 }], [{ field: 2 }]], { field: 11 }],
    [
      'at most 10,000 at a time',
      [[{ invalid: 10_001 }], [{ invalid: 10_003 }], [{ early: 10_000 }]],
      { early: 10_000, invalid: 2 },
    ],
    ['no other values', [[{ full: -1, old: 1.5, early: '3', field: null }], [{ full: 1e300 }]], {}],
    ['reasons that it does not know as one', [[{ a: 1, b: 2 }]], { other: 3 }],
    ['those of the page that is audited', [[{ full: 3 }], [{ full: 7 }, { page: 'food' }]], { full: 3 }],
  ])('are what trackers say they dropped: %s', async (_, counts, wanted) => {
    for (const [seq, [tracker_dropped, more]] of counts.entries()) {
      const received_at = `2026-11-23T08:00:0${seq}.000Z`;
      const each = event({ stream_id: 'A', seq, received_at, properties: { a: { b: [1] }, tracker_dropped }, ...more });
      at.put(String(each.page), 'x', each);
    }
    expect((await audit({ page: 'books' })).tracker_dropped).toEqual(wanted);
  });
});

describe('a part of the lake', () => {
  beforeEach(() => {
    const monday = '2026-11-23T23:59:59.000Z';
    const tuesday = '2026-11-24T00:00:00.000Z';
    at.put(
      'books',
      'x',
      ...stream('A', [0, 2], { received_at: monday, site: 'shop' }),
      ...stream('B', [0], { received_at: tuesday }),
    );
    at.put('food', 'x', ...stream('A', [3], { received_at: tuesday }), { event_id: 'unnumbered', received_at: monday });
    at.put(
      'food',
      'y',
      ...stream('C', [0, 1], { received_at: undefined, event_time: tuesday, occurred_at: undefined, site: 'blog' }),
    );
  });
  test.each([
    ['a day', { until: Date.parse('2026-11-24') }, { rows: 4, missing: 1, unnumbered: 1, streams: { total: 1 } }],
    [
      'the next day',
      { since: Date.parse('2026-11-24') },
      { rows: 6, missing: 1, unnumbered: 0, streams: { total: 3 } },
    ],
    ['a page', { page: 'food' }, { rows: 6, unnumbered: 1, streams: { total: 2 } }],
    ['a page of a day', { page: 'food', until: Date.parse('2026-11-24') }, { rows: 1, streams: { total: 0 } }],
    ['a site', { site: 'shop' }, { rows: 4, missing: 1, streams: { total: 2 } }],
    ['a site on a page of a day', { site: 'blog', page: 'food' }, { rows: 2, missing: 0, streams: { total: 1 } }],
    ['a site that is not there', { site: 'toys' }, { verdict: 'nothing', rows: 0, streams: { total: 0 } }],
    ['a page that is not there', { page: 'garden' }, { verdict: 'nothing', rows: 0, streams: { total: 0 } }],
  ])('has each stream with an event in it, whole: %s', async (_, options, wanted) => {
    expect(await audit(options)).toMatchObject(wanted);
  });
});
