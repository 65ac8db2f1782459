import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { event, lines, temporaryLake } from '@millrace/testing/lake-fixture';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { type AuditableLake, openLake } from '../src/index.js';

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

const stream = (stream_id: string, seqs: number[], more: Record<string, unknown> = {}) =>
  seqs.map((seq, index) => event({ stream_id, seq, ...(index === 0 ? more : {}) }));

describe('the audit of a whole lake', () => {
  test('a lake without events proves nothing: no folder, other files, an object without a line', async () => {
    const nothing = { verdict: 'nothing', ok: false, rows: 0, missing: 0, streams: { total: 0 } };
    expect(await lake.audit()).toMatchObject(nothing);
    at.writeBytes('millrace-lake/page=books/event=liked_item/a.gz', 'the folder above the bucket');
    expect(await lake.audit()).toMatchObject(nothing);
    at.put('books', 'clicked_review');
    expect(await lake.audit()).toMatchObject(nothing);
  });

  test('a gap-free lake misses nothing, and says what that rests on', async () => {
    at.put('books', 'clicked_review', ...stream('A', [0, 1, 2]));
    at.put('food', 'liked_item', ...stream('A', [3]), ...stream('B', [0], { after_stream_id: 'A', after_seq: 3 }));
    const part = { events: 5, late: 0, lost_by_us: 0, never_acknowledged: 0, unexplained: 0 };
    expect(await lake.audit()).toEqual({
      verdict: 'complete',
      ok: true,
      objects: 2,
      unchanged: 0,
      rows: 5,
      events: 5,
      missing: 0,
      lost_by_us: null,
      never_acknowledged: 0,
      implausible: 0,
      ledger: {
        rows: 0,
        servers: 0,
        acknowledged: 0,
        from: null,
        to: null,
        missing_rows: 0,
        unreadable_rows: 0,
        gaps: [],
      },
      without_ledger: { events: 5, missing: 0 },
      unexplained: 0,
      under_way: { unnamed: 0, undelivered: 0, ledger_rows: 0 },
      held: { quarantine: 0, errors: 0, causes: { quarantine: {}, errors: {} } },
      tracker_dropped: {},
      duplicates: { rows: 0, across_partitions: 0 },
      conflicts: 0,
      out_of_order: 0,
      late: { threshold_ms: 60_000, events: 0, timed: 5, p50_ms: 100, p99_ms: 100, max_ms: 100 },
      unnumbered: 0,
      misfits: 0,
      streams: { total: 2, gap_free: 2, tail_unknown: 1 },
      doubts: [],
      worst: [],
      by_hour: [{ hour: '2026-11-23T08:00:00.000Z', ...part }],
      by_sdk: [{ sdk: 'millrace-js/1.0.0', ...part }],
      damaged: [],
      strange: [],
    });
  });
});

describe('what is missing', () => {
  test('gaps, a missing start, a tail that the next stream names, and a stream of which nothing arrived', async () => {
    at.put(
      'books',
      'clicked_review',
      ...stream('A', [2, 3, 7]),
      ...stream('B', [0], { after_stream_id: 'A', after_seq: 9 }),
    );
    at.put('books', 'clicked_review', ...stream('D', [0], { after_stream_id: 'C', after_seq: 1 }));
    const report = await lake.audit();
    expect(report).toMatchObject({ ok: false, missing: 9, streams: { total: 4, gap_free: 2, tail_unknown: 2 } });
    expect(report.worst).toMatchObject([
      {
        stream_id: 'A',
        missing: 7,
        last_seq: 9,
        tail: 'known',
        gaps: [
          { first: 0, last: 1 },
          { first: 4, last: 6 },
          { first: 8, last: 9 },
        ],
      },
      { stream_id: 'C', missing: 2, events: 0, tail: 'known', gaps: [{ first: 0, last: 1 }] },
    ]);
  });

  test('a stream that went on after the next one began has a tail that is unknown', async () => {
    at.put(
      'books',
      'clicked_review',
      ...stream('A', [0, 1, 2]),
      ...stream('B', [0], { after_stream_id: 'A', after_seq: 1 }),
    );
    expect(await lake.audit()).toMatchObject({ ok: true, streams: { tail_unknown: 2 } });
  });

  test('events in the quarantine or in error objects are kept apart, not missing', async () => {
    const raw = JSON.stringify(event({ stream_id: 'A', seq: 1 }));
    const packed = lines(event({ stream_id: 'A', seq: 3 }), event({ stream_id: 'A', seq: 4 }), 'no json');
    at.put('books', 'clicked_review', ...stream('A', [0, 2, 5]));
    at.put('_quarantine', '_invalid_event', {
      event_id: 'x',
      reason: 'r',
      raw,
      received_at: '2026-11-23T08:00:00.000Z',
    });
    at.put('_quarantine', '_invalid_json', {
      event_id: 'y',
      reason: 'r',
      raw: '{"a',
      received_at: '2026-11-23T08:00:00.000Z',
    });
    const rawData = Buffer.from(packed).toString('base64');
    at.writeBytes('errors/metadata-extraction-failed/2026/11/23/08/x', lines({ rawData, errorCode: 'E' }));
    expect(await lake.audit()).toMatchObject({ ok: true, missing: 0, held: { quarantine: 1, errors: 2 } });
  });

  test('a refused event that was sent again and accepted is an event, not kept apart', async () => {
    at.put('books', 'clicked_review', ...stream('A', [0, 1]));
    const raw = JSON.stringify(event({ stream_id: 'A', seq: 1 }));
    at.put('_quarantine', '_invalid_event', {
      event_id: 'x',
      reason: 'r',
      raw,
      received_at: '2026-11-23T08:00:00.000Z',
    });
    expect(await lake.audit()).toMatchObject({ missing: 0, held: { quarantine: 0 } });
  });

  test(`any k events removed at random are exactly those that the audit finds, but for unknown tails${leavesOut('8 of 25 runs')}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        // Visitors with streams of some length each, and which of all the events are lost.
        fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
        async (visitors, dice) => {
          const lost = new Set<string>();
          const kept: ReturnType<typeof event>[] = [];
          const known = new Map<string, number>();
          for (const [visitor, lengths] of visitors.entries()) {
            for (const [number, length] of lengths.entries()) {
              const stream_id = `${visitor}/${number}`;
              for (let seq = 0; seq < length; seq++) {
                if (dice.next().value === 0) {
                  lost.add(`${stream_id} ${seq}`);
                  continue;
                }
                const before = seq === 0 && number > 0;
                const told = before
                  ? { after_stream_id: `${visitor}/${number - 1}`, after_seq: lengths[number - 1]! - 1 }
                  : {};
                kept.push(event({ stream_id, seq, visitor_id: `v${visitor}`, ...told }));
                known.set(stream_id, Math.max(known.get(stream_id) ?? -1, seq));
                if (before) known.set(`${visitor}/${number - 1}`, lengths[number - 1]! - 1);
              }
            }
          }
          const place = temporaryLake();
          const there = await openLake({ folder: place.folder });
          try {
            for (let from = 0; from < kept.length; from += 7) {
              place.put(['books', 'food'][from % 2]!, 'liked_item', ...kept.slice(from, from + 7));
            }
            const knowable = [...lost].filter((each) => {
              const [stream_id, seq] = each.split(' ') as [string, string];
              return Number(seq) <= (known.get(stream_id) ?? -1);
            });
            const report = await there.audit({ worst: 100 });
            const found = report.worst.flatMap(({ stream_id, gaps }) =>
              gaps.flatMap(({ first, last }) =>
                Array.from({ length: last - first + 1 }, (_, index) => `${stream_id} ${first + index}`),
              ),
            );
            expect(found.sort()).toEqual(knowable.sort());
            expect(report.missing).toBe(knowable.length);
            // Of an empty lake nothing is proved.
            const verdict = knowable.length > 0 ? 'lost' : kept.length > 0 ? 'complete' : 'nothing';
            expect(report.verdict).toBe(verdict);
          } finally {
            await there.close();
            place.remove();
          }
        },
      ),
      { numRuns: inForm(8, 25) },
    );
  });
});

describe('what is not as it should be', () => {
  test('copies are counted once each, also those that lie in two partitions', async () => {
    const [first, second] = stream('A', [0, 1]);
    at.put('books', 'clicked_review', first!, second!, first!, first!);
    at.put('_other', 'clicked_review', second!);
    expect(await lake.audit()).toMatchObject({
      ok: true,
      rows: 5,
      events: 2,
      missing: 0,
      duplicates: { rows: 3, across_partitions: 1 },
      conflicts: 0,
    });
  });

  test('two events at one position are a conflict: the numbering was used twice', async () => {
    at.put('books', 'clicked_review', ...stream('A', [0, 1, 1, 2]));
    expect(await lake.audit()).toMatchObject({ missing: 0, conflicts: 1, worst: [{ stream_id: 'A', conflicts: 1 }] });
  });

  test('an event that no server received, and that stands after a later one of its stream in an object, is out of order', async () => {
    const putStraight = (stream_id: string, seqs: number[]) =>
      seqs.map((seq) => event({ stream_id, seq, received_at: undefined }));
    at.put('books', 'clicked_review', ...putStraight('A', [0, 2, 1, 3]), ...putStraight('B', [0, 1]));
    expect(await lake.audit()).toMatchObject({ out_of_order: 1, worst: [{ stream_id: 'A', out_of_order: 1 }] });
  });

  test('where an event lies says nothing of one that a server received: its shard may have been read later', async () => {
    const received = (seq: number) => event({ stream_id: 'A', seq, received_at: `2026-11-23T08:00:0${seq}.000Z` });
    at.put('books', 'clicked_review', ...[3, 0, 4, 1, 2].map(received));
    expect((await lake.audit()).out_of_order).toBe(0);
  });

  test('an event received after a later one of its stream is out of order; within a batch the objects decide nothing', async () => {
    const received = (seq: number, second: number) =>
      event({ stream_id: 'A', seq, received_at: `2026-11-23T08:00:0${second}.000Z` });
    at.put('books', 'clicked_review', received(1, 1), received(4, 3));
    at.put('food', 'clicked_review', received(0, 1), received(2, 4), received(3, 3));
    expect(await lake.audit()).toMatchObject({ missing: 0, out_of_order: 1 });
  });

  test('a copy that comes later is not out of order', async () => {
    const [first, second] = stream('A', [0, 1]);
    at.put('books', 'clicked_review', first!, second!, first!);
    expect((await lake.audit()).out_of_order).toBe(0);
  });

  test('an event received long after it happened, by the corrected clock, is late', async () => {
    const at8 = '2026-11-23T08:00:00.000Z';
    const wrongClock = { event_time: '2020-01-01T00:00:00.000Z', occurred_at: at8, received_at: at8 };
    at.put('books', 'clicked_review', event({ stream_id: 'A', seq: 0, ...wrongClock }));
    at.put(
      'books',
      'clicked_review',
      event({ stream_id: 'A', seq: 1, occurred_at: at8, received_at: '2026-11-23T08:02:00.000Z' }),
    );
    expect((await lake.audit()).late).toMatchObject({ events: 1, timed: 2, max_ms: 120_000 });
    expect((await lake.audit({ lateMs: 120_000 })).late.events).toBe(0);
  });

  test('events without a stream or a position cannot be audited, and are counted', async () => {
    at.put(
      'books',
      'clicked_review',
      { event_id: 'a' },
      { event_id: 'b', stream_id: 'A' },
      { event_id: 'c', stream_id: 'A', seq: -1 },
    );
    expect(await lake.audit()).toMatchObject({ ok: true, rows: 3, unnumbered: 3, streams: { total: 0 } });
  });

  test.each([
    ['an event', { seq: 9007199254740991 }],
    ['the next stream', { after_stream_id: 'B', after_seq: 9007199254740991 }],
    ['an event past 2^53', { seq: 18014398509481984 }],
  ])('an absurd position that %s claims is implausible, and nothing is missing by it', async (_, claim) => {
    at.put('books', 'clicked_review', ...stream('A', [0]), ...stream('B', [0]));
    at.put('books', 'clicked_review', event({ stream_id: 'A', seq: 1, ...claim }));
    const report = await lake.audit();
    expect(report).toMatchObject({ missing: 0, streams: { gap_free: 2 } });
    expect(report.implausible + report.unnumbered).toBe(1);
  });

  test('a refused event numbers nothing, whatever it claims', async () => {
    at.put('books', 'clicked_review', ...stream('A', [0, 1]));
    for (const claim of [{ seq: 5 }, { seq: 9007199254740991 }, { seq: 2, after_stream_id: 'B', after_seq: 7 }]) {
      const raw = JSON.stringify(event({ stream_id: 'A', ...claim }));
      at.put('_quarantine', '_invalid_event', { event_id: 'x', reason: 'r', raw });
    }
    expect(await lake.audit()).toMatchObject({
      verdict: 'complete',
      missing: 0,
      implausible: 0,
      held: { quarantine: 3 },
    });
  });

  test('10,000 missing events in a row are counted, one more is implausible', async () => {
    at.put('books', 'clicked_review', ...stream('A', [10_000]), ...stream('B', [10_001]));
    const report = await lake.audit();
    expect(report).toMatchObject({ verdict: 'lost', missing: 10_000, implausible: 1 });
  });
});

test('thousands of small objects need no more memory than a few large ones', async () => {
  for (let seq = 0; seq < 2_000; seq++) at.put('books', 'clicked_review', event({ stream_id: 'A', seq }));
  const small = await openLake({ folder: at.folder, limits: { memoryMb: 100 } });
  try {
    expect(await small.audit()).toMatchObject({ ok: true, rows: 2_000, out_of_order: 0 });
    let rows = 0;
    await small.queryEach('select * from events_raw', (batch) => {
      rows += batch.length;
    });
    expect(rows).toBe(2_000);
  } finally {
    await small.close();
  }
});
