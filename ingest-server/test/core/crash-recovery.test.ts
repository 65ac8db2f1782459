import { describe, expect, test } from '@jest/globals';
import type { Chunk } from '../../src/core/chunk.js';
import { recoverFromCrash } from '../../src/core/delivery/crash-recovery.js';
import { SinkError, type TimeSpan } from '../../src/core/delivery/sink.js';
import type { SpooledChunk } from '../../src/core/delivery/spool.js';
import { createClaimedIds } from '../../src/core/repeats/claimed-ids.js';
import { eventIdsOf, rowNamesOf } from '../../src/core/repeats/event-ids.js';
import { createFakeClock } from '../support/fake-clock.js';

const event = (id: string) => ({ event_id: id, stream_id: 's', seq: 0 });
const data = (...ids: string[]) => Buffer.from(ids.map((id) => `${JSON.stringify(event(id))}\n`).join(''));
const idsOf = (bytes: Uint8Array) => eventIdsOf(bytes).map((name) => name.split('/', 1)[0]!);
const chunk = (...ids: string[]): Chunk => ({ hash: 1, events: ids.length, data: data(...ids) });

/** What of `ids` an event would be taken for a repetition of. */
const knownOf = (claimed: ReturnType<typeof createClaimedIds>, ids: string[]) =>
  ids.filter((id) => claimed.begin('k').isRepeat(event(id)));

function setUp(options: {
  spooled?: Chunk[];
  stream?: Buffer[];
  /** By try. */
  error?: (attempt: number) => SinkError | undefined;
  isReachable?: (attempt: number) => boolean;
  leftOpen?: { first: number; last: number } | undefined;
  namesOf?: typeof eventIdsOf;
}) {
  const { spooled = [], stream = [], error = () => undefined, isReachable = () => true, namesOf = idsOf } = options;
  const clock = createFakeClock();
  const claimedIds = createClaimedIds(1_000);
  const spans: TimeSpan[] = [];
  const found: string[][] = [];
  const reports: unknown[] = [];
  let isSettled = false;
  const entries = spooled.map((one, i): SpooledChunk => ({ chunk: one, position: i + 1 }));
  const leftOpen = recoverFromCrash({
    sink: {
      async read(span, visit) {
        spans.push(span);
        const thrown = error(spans.length);
        if (thrown !== undefined) throw thrown;
        stream.forEach(visit);
      },
      async ranges() {
        if (!isReachable(spans.length)) throw new SinkError('unreachable', 'ECONNREFUSED', 'no stream');
        return [];
      },
    },
    spool: {
      leftOpen: 'leftOpen' in options ? options.leftOpen : { first: 100_000, last: 101_000 },
      settle: async () => {
        isSettled = true;
      },
      next: async () => ({ found: entries, damaged: 0 }),
      newest: async () => entries,
    },
    claimedIds,
    clock,
    settled: (those) => found.push(those.flatMap((one) => namesOf(one.chunk.data))),
    report: (it) => reports.push(it),
  });
  return { clock, claimedIds, spans, found, reports, leftOpen, isSettled: () => isSettled };
}

describe('what a killed process left open', () => {
  test('chunks of the spool that the stream has are found; those of which it has a part, or nothing, are not', async () => {
    const { leftOpen, found, spans, claimedIds, isSettled, reports } = setUp({
      spooled: [chunk('a', 'b'), chunk('c', 'd'), chunk('e')],
      stream: [data('x', 'a'), data('b'), data('c')],
    });
    await leftOpen.done;
    expect(found).toEqual([['a', 'b']]);
    expect(isSettled()).toBe(true);
    // From some seconds before the process was last seen to some after, when its calls have ended.
    expect(spans).toEqual([{ from: 95_000, to: 116_000 }]);
    // Whoever sends again what the stream or the spool has, because nobody told it, is told.
    expect(knownOf(claimedIds, ['a', 'b', 'c', 'd', 'e', 'x', 'new'])).toEqual(['a', 'b', 'c', 'd', 'e', 'x']);
    expect(reports).toEqual([{ events: 4, spooledEvents: 2 }]);
  });

  test('an event that was quarantined and comes again, put right, is neither known nor taken for what the stream has', async () => {
    const wrong = { event_id: 'a', page: '_quarantine', event: '_invalid', received_at: 'once' };
    const rows = (...them: object[]) => Buffer.from(them.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const stored = (...them: object[]): Chunk => ({ hash: 1, events: them.length, data: rows(...them) });
    const right = { ...event('a'), page: 'books', event: 'liked_item' };
    const { leftOpen, found, claimedIds } = setUp({
      spooled: [stored(right), stored(wrong), stored({ ...wrong, received_at: 'again' })],
      stream: [rows(wrong)],
      namesOf: rowNamesOf,
    });
    await leftOpen.done;
    expect(found).toEqual([['_quarantine/_invalid/once/a']]);
    // The spool has the right one, so it is known; the wrong one alone would not make it so.
    expect(knownOf(claimedIds, ['a'])).toEqual(['a']);
    const alone = setUp({ spooled: [stored(wrong)], stream: [rows(wrong)] });
    await alone.leftOpen.done;
    expect(knownOf(alone.claimedIds, ['a'])).toEqual([]);
  });

  test('nothing is asked where the spool was closed', async () => {
    const { leftOpen, found, spans } = setUp({ leftOpen: undefined });
    await leftOpen.done;
    expect([found, spans]).toEqual([[], []]);
  });

  test('while the stream is out of reach it is asked again and again, and what the spool has is known meanwhile', async () => {
    const { clock, leftOpen, found, claimedIds } = setUp({
      spooled: [chunk('a')],
      stream: [data('a')],
      error: (attempt) => (attempt < 500 ? new SinkError('unreachable', 'ECONNREFUSED', 'no stream') : undefined),
      isReachable: (attempt) => attempt >= 500,
    });
    // The server need not wait for it.
    await leftOpen.tried;
    await clock.pass(100_000);
    expect(found).toEqual([]);
    expect(knownOf(claimedIds, ['a'])).toEqual(['a']);
    await clock.pass(500_000);
    await leftOpen.done;
    expect(found).toEqual([['a']]);
  });

  test.each([
    ['may not be read', new SinkError('misconfigured', 'AccessDeniedException', 'not you'), 1],
    ['is read by too many', new SinkError('throttled', 'ProvisionedThroughputExceededException', 'too much'), 1],
    ['answers, and cannot be read all the same', new SinkError('misconfigured', 'KMSDisabledException', 'no key'), 10],
  ])('a stream that %s does not keep events from being put', async (_, error, tries) => {
    const { clock, leftOpen, found, spans, reports, isSettled } = setUp({ error: () => error });
    await clock.pass(60_000);
    await leftOpen.done;
    expect([found, spans.length, isSettled()]).toEqual([[[]], tries, true]);
    expect(reports).toEqual([{ events: 0, spooledEvents: 0, error }]);
  });

  test('a server that ends first leaves it to the next', async () => {
    const { clock, leftOpen, found, isSettled } = setUp({
      error: () => new SinkError('unreachable', 'ECONNREFUSED', 'no stream'),
      isReachable: () => false,
    });
    await clock.pass(5_000);
    leftOpen.stop();
    await clock.pass(5_000);
    await leftOpen.done;
    expect([found, isSettled()]).toEqual([[], false]);
  });

  test('an event that has the id of one in the spool or the stream, and is another, is not known', async () => {
    const { leftOpen, claimedIds } = setUp({ spooled: [chunk('a')], stream: [data('b')] });
    await leftOpen.done;
    for (const id of ['a', 'b']) {
      for (const other of [{ seq: 1 }, { stream_id: 't' }, { stream_id: 's/0' }]) {
        expect(claimedIds.begin('k').isRepeat({ ...event(id), ...other })).toBe(false);
      }
      expect(claimedIds.begin('k').isRepeat(event(id))).toBe(true);
    }
  });

  test('records of others, that are no events or not JSON, are passed over', () => {
    const lines = ['{"event_id":"A","stream_id":"é/","seq":3}', 'null', '{"event_id":1}', '{"event_id":"x"}', '[]'];
    expect(eventIdsOf(Buffer.from([...lines, '\u0000{"event_id":"b"}'].join('\n')))).toEqual(['a/3/é/']);
  });
});
