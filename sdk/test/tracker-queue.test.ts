import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { IDBDatabase, IDBFactory, IDBKeyRange, IDBTransaction } from 'fake-indexeddb';
import fc from 'fast-check';
import {
  batchChars,
  openMs,
  queueAgeMs,
  queueChars,
  queueEvents,
  recordEvents,
  streamsRemembered,
  webStorageChars,
} from '../src/tracker/bounds.js';
import { createStore, type Store } from '../src/tracker/browser/store.js';
import type { TrackerContext } from '../src/tracker/core/context.js';
import { reports } from '../src/tracker/modules/reports.js';
import type { Batch } from '../src/tracker/queue/batch.js';
import { clearStored } from '../src/tracker/queue/clear.js';
import type { DropCounts, DropReason } from '../src/tracker/queue/drop-reason.js';
import { type Entry, lineOf } from '../src/tracker/queue/entry.js';
import type { QueuedBatch } from '../src/tracker/queue/next-batch.js';
import { createQueue } from '../src/tracker/queue/queue.js';
import { beginRun, readRuns } from '../src/tracker/queue/runs.js';
import { nameOf } from '../src/tracker/queue/stored-name.js';
import { type FakeClock, startFakeClock } from './browser/fake-clock.js';
import { setGlobals } from './browser/set-globals.js';
import { createDisk, type Disk } from './browser/web-storage.js';

const start = 1_795_406_270_273;
const day = 24 * 60 * 60 * 1000;

let clock: FakeClock;
let putBack: () => void;
let databases: IDBFactory;
/** How often a database was opened. */
let opened: number;

beforeEach(() => {
  clock = startFakeClock(start, 12);
  databases = new IDBFactory();
  opened = 0;
  const indexedDB = {
    open(...given: [string, number]) {
      opened++;
      return databases.open(...given);
    },
  };
  putBack = setGlobals({ indexedDB, IDBKeyRange });
});
afterEach(() => {
  putBack();
  clock.restore();
});

/** The counts of what was dropped, as the module `reports` keeps them. */
interface Drops {
  _count(reason: DropReason, number?: number): void;
  /** What the next event would report, as JSON. */
  _unreported(): string | undefined;
  /** That event is stored. */
  _reported(): void;
}

function dropsIn(store: Store): Drops {
  let count: (about: object) => void;
  const context = {
    _store: store,
    _stream: {},
    _whenAllowed: (work: () => void) => work(),
    on(_: 'dropped', listener: typeof count) {
      count = listener;
    },
  } as unknown as TrackerContext;
  reports(context as never);
  let stored: (() => void) | undefined;
  return {
    _count: (reason, number) => count({ reason, number }),
    _unreported() {
      const facts = { _fields: '', _properties: '' };
      stored = context._addDropCounts!(facts);
      return stored && JSON.stringify(JSON.parse(`{${facts._properties}}`).tracker_dropped);
    },
    _reported: () => stored?.(),
  };
}

/** A page's queue over a localStorage and a database that tabs share. */
const droppedAs = (drops: Drops, reason: DropReason): number => JSON.parse(drops._unreported()!)[reason];

function open(disk: Disk) {
  const store = createStore(() => disk.storage, 'millrace.demo.');
  const drops = dropsIn(store);
  const queue = createQueue(store, drops._count, 'millrace.demo', () => {});
  return { store, drops, queue };
}
type Page = ReturnType<typeof open>;

const entry = (stream: string, seq: number, { at = clock.now, chars = 0 } = {}): Entry => ({
  stream,
  seq,
  at,
  text: `${at}${JSON.stringify({ name: `${stream}-${seq}`, pad: 'x'.repeat(chars) })}`,
});
/** A batch as it travels. */
const sent = ({ _from, _to, _rest, _isAll, ...batch }: QueuedBatch): Batch => batch;
const namesIn = (batch: Batch | undefined): string[] => (batch?.lines ?? []).map((text) => JSON.parse(text).name);
const total = (counts: DropCounts | undefined) => Object.values(counts ?? {}).reduce((sum, number) => sum + number, 0);
const events = (disk: Disk) => Object.keys(disk.storage).filter((name) => name.startsWith('millrace.demo.e.'));

function append({ queue }: Page, stream: string, count: number, { from = 0, chars = 0 } = {}): void {
  for (let seq = from; seq < from + count; seq++) queue._append(entry(stream, seq, { chars }));
}

async function database(): Promise<IDBObjectStore> {
  const request = databases.open('millrace.demo');
  const opened = await new Promise<IDBDatabase>((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  return opened.transaction('e').objectStore('e');
}
const resultOf = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
const keysInDatabase = async (start: string) =>
  (await resultOf((await database()).getAllKeys(IDBKeyRange.bound(start, `${start}~`)))) as string[];
const inDatabase = async (key: string): Promise<unknown> => resultOf((await database()).get(key));

/** Takes all that waits, as a server that answers 200. */
async function drain({ queue }: Page): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let batch = await queue._next(); batch; batch = await queue._next()) {
    batches.push(batch);
    await queue._done(batch);
  }
  return batches;
}
const all = async (page: Page) => (await drain(page)).flatMap(namesIn);
const range = (stream: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `${stream}-${from + index}`);

describe('the store', () => {
  test('keeps everything in memory where storage throws at the first touch', () => {
    const store = createStore(() => {
      throw new Error('SecurityError');
    }, 'p.');
    store._set('a1', 'x');
    expect(store._get('a1')).toBe('x');
    expect(store._isMemoryOnly('a1')).toBe(true);
    expect(store._names('a')).toEqual(['a1']);
    store._remove('a1');
    expect(store._get('a1')).toBeUndefined();
    expect(store._names('')).toEqual([]);
  });

  test('when it is full, a later page does not find an outdated text', () => {
    const disk = createDisk();
    const store = createStore(() => disk.storage, 'p.');
    store._set('s', '1');
    expect(store._isMemoryOnly('s')).toBe(false);
    disk.room = 0;
    store._set('s', '2');
    expect(store._get('s')).toBe('2');
    expect(store._isMemoryOnly('s')).toBe(true);
    expect(createStore(() => disk.storage, 'p.')._get('s')).toBeUndefined();
  });

  test('what the browser refuses to remove is gone all the same', () => {
    const disk = createDisk();
    const store = createStore(() => disk.storage, 'p.');
    store._set('e.1', 'x');
    disk.storage.removeItem = () => {
      throw new Error('no');
    };
    store._remove('e.1');
    expect(store._get('e.1')).toBeUndefined();
    expect(store._names('e.')).toEqual([]);
  });

  test('what is meant for memory alone never touches the storage', () => {
    const disk = createDisk();
    const store = createStore(() => disk.storage, 'p.');
    store._set('e.1', 'x', true);
    expect(disk.used()).toBe(0);
    expect([store._get('e.1'), store._names('e.')]).toEqual(['x', ['e.1']]);
  });
});

describe('the queue', () => {
  test('stores nothing and opens no database before an event needs it', async () => {
    const disk = createDisk();
    const page = open(disk);
    await clock.advance(day);
    expect([opened, disk.used()]).toEqual([0, 0]);
    append(page, 't1', 1);
    expect(events(disk)).toHaveLength(1);
    expect(opened).toBe(0);
    await clock.advance(100);
    expect(opened).toBe(1);
    expect(events(disk)).toEqual([]);
  });

  test('an event is in localStorage when append returns, and in IndexedDB, there alone, a moment later', async () => {
    const disk = createDisk();
    append(open(disk), 't1', 3);
    expect(events(disk)).toHaveLength(3);
    await clock.advance(100);
    expect(events(disk)).toEqual([]);
    // The browser was killed and its localStorage never reached the disk.
    expect(await all(open(createDisk()))).toEqual(range('t1', 3));
  });

  test('a page that is left puts its events once: no commit follows, whose transaction its freezing would leave open', async () => {
    const page = open(createDisk());
    append(page, 'a', 1);
    await clock.advance(openMs * 2);
    const begun = jest.spyOn(IDBDatabase.prototype, 'transaction');
    append(page, 'a', 1, { from: 1 });
    await page.queue._move(true);
    await clock.advance(openMs);
    expect(begun).toHaveBeenCalledTimes(1);
    // It comes back out of the back/forward cache, and goes on.
    append(page, 'a', 1, { from: 2 });
    await clock.advance(openMs);
    expect(begun).toHaveBeenCalledTimes(2);
    begun.mockRestore();
    expect(namesIn(await page.queue._next())).toEqual(['a-0', 'a-1', 'a-2']);
  });

  test('a transaction that need not look first is committed before its answers: a page that is frozen then holds up no other', async () => {
    const page = open(createDisk());
    append(page, 'a', 1);
    await clock.advance(openMs);
    const begun = jest.spyOn(IDBDatabase.prototype, 'transaction');
    const committed = jest.spyOn(IDBTransaction.prototype, 'commit');
    try {
      await page.queue._done((await page.queue._next())!);
      // The names, the events, the removal.
      expect(begun).toHaveBeenCalledTimes(3);
      expect(committed).toHaveBeenCalledTimes(3);
    } finally {
      begun.mockRestore();
      committed.mockRestore();
    }
  });

  test('what a page that crashed left in localStorage the next one sends', async () => {
    const disk = createDisk();
    append(open(disk), 't1', 3);
    const next = open(disk);
    append(next, 't2', 1);
    expect(await all(next)).toEqual([...range('t1', 3), 't2-0']);
    expect(events(disk)).toEqual([]);
  });

  test("a stream's events are in their order, also when the clock jumps back", async () => {
    const page = open(createDisk());
    for (let seq = 0; seq < 40; seq++) {
      page.queue._append(entry('t1', seq, { at: start - seq * 1000 }));
    }
    expect(await all(page)).toEqual(range('t1', 40));
  });

  test('what is broken in the storage goes out as it is, for the server to set aside, and holds up nothing', async () => {
    const disk = createDisk();
    const page = open(disk);
    const broken = ['no event!', '99999999999999999999', '{"event_id":"x"}'];
    for (const [seq, text] of [...broken, '99999999999999999999{"a":1}'].entries())
      page.store._set(nameOf({ stream: 't1', seq, at: start, text }), text);
    append(page, 't1', 1, { from: 4 });
    const lines = (await drain(page)).flatMap((batch) => batch.lines);
    expect(lines.slice(0, 3)).toEqual(broken);
    expect(JSON.parse(lines[3]!)).toMatchObject({ a: 1, event_time: 'null' });
    expect(lines[4]).toBe(lineOf(entry('t1', 4)));
    expect(events(disk)).toEqual([]);
  });

  test('a batch has one stream and at most 64 K characters as they are stored; what was stored together and is more goes alone', async () => {
    const page = open(createDisk());
    append(page, 't1', 120);
    append(page, 't2', 3);
    expect((await drain(page)).map(({ lines }) => lines.length)).toEqual([120, 3]);
    const big = open(createDisk());
    for (let from = 0; from < 800; from += 8) {
      append(big, 't3', 8, { from, chars: 500 });
      await big.queue._commit();
    }
    const batches = await drain(big);
    const added = lineOf(entry('t3', 0)).length - entry('t3', 0).text.length;
    for (const { lines } of batches)
      expect(lines.join('\n').length - lines.length * (added + 2)).toBeLessThanOrEqual(batchChars);
    expect(batches.length).toBeLessThanOrEqual(Math.ceil((800 * 560) / batchChars));
    const huge = open(createDisk());
    append(huge, 't4', 1, { chars: batchChars });
    await huge.queue._commit();
    append(huge, 't4', 1, { from: 1 });
    expect(namesIn(await huge.queue._next())).toEqual(['t4-0']);
  });

  test('what is committed together is one record for 25 events, and none goes over two streams or a gap', async () => {
    const page = open(createDisk());
    append(page, 't1', 60);
    append(page, 't1', 2, { from: 70 });
    append(page, 't2', 3);
    await page.queue._commit();
    const records = (await keysInDatabase('e.')).map((name) => name.split('.'));
    expect(records.map(([, stream, place, , , count]) => [stream, Number(place) - 1e6, Number(count)])).toEqual([
      ['t1', 0, 25],
      ['t1', 25, 25],
      ['t1', 50, 10],
      ['t1', 70, 2],
      ['t2', 0, 3],
    ]);
  });

  test('a record of which a run takes only a part is sent to its end all the same, each event once', async () => {
    for (const ends of [[4], [24], [9, 29], [0, 1, 2], [39], [60]]) {
      databases = new IDBFactory();
      const page = open(createDisk());
      append(page, 't1', 40);
      append(page, 't2', 1);
      await page.queue._commit();
      for (const last of ends) beginRun(page.store, { stream: 't1', last });
      expect(await all(page)).toEqual([...range('t1', 40), 't2-0']);
      expect(await keysInDatabase('e.')).toEqual([]);
    }
  });

  test('of a record that was answered for in part the next page sends the rest', async () => {
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 20);
    await page.queue._commit();
    beginRun(page.store, { stream: 't1', last: 9 });
    const first = (await page.queue._next())!;
    expect(namesIn(first)).toEqual(range('t1', 10));
    await page.queue._done(first);
    expect(await all(open(disk))).toEqual(range('t1', 10, 10));
    expect(await all(page)).toEqual([]);
  });

  test('a batch that was begun is the same under the same id, whatever came since, on this page and on later ones', async () => {
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 3);
    const batch = (await page.queue._next())!;
    expect(batch).toMatchObject({ id: 't1.0.2', stream: 't1', first: 0, last: 2 });
    beginRun(page.store, batch);
    append(page, 't1', 60, { from: 3 });
    expect(sent((await page.queue._next())!)).toEqual(sent(batch));
    const other = open(disk);
    append(other, 't2', 5);
    expect(sent((await other.queue._next())!)).toEqual(sent(batch));
    await other.queue._done((await other.queue._next())!);
    expect(namesIn(await other.queue._next())).toEqual(range('t1', 60, 3));
  });

  test('a batch whose last event is gone keeps its id, because the id says where it ended', async () => {
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 2);
    const batch = (await page.queue._next())!;
    beginRun(page.store, { stream: 't1', last: 4 });
    append(page, 't2', 2);
    expect(sent((await page.queue._next())!)).toEqual({ ...sent(batch), id: 't1.0.4', last: 4 });
  });

  test('done before the page died: the run is remembered as answered, and nothing of it is left', async () => {
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 3);
    const batch = (await page.queue._next())!;
    beginRun(page.store, batch);
    expect(readRuns(page.store, 't1')).toEqual([-1, 2]);
    await page.queue._done(batch);
    expect(readRuns(page.store, 't1')).toEqual([2]);
    expect(await open(disk).queue._next()).toBeUndefined();
  });

  test('a batch too large for the server goes in halves, under other ids', async () => {
    const page = open(createDisk());
    append(page, 't1', 10);
    const batch = (await page.queue._next())!;
    beginRun(page.store, batch);
    page.queue._split(batch);
    expect((await drain(page)).map(({ id }) => id)).toEqual(['t1.0.4', 't1.5.9']);
  });

  test('what is refused is forgotten and counted', async () => {
    const page = open(createDisk());
    append(page, 't1', 3);
    await page.queue._done((await page.queue._next())!, 'refused');
    expect(await page.queue._next()).toBeUndefined();
    expect(JSON.parse(page.drops._unreported()!)).toEqual({ refused: 3 });
  });

  test('clear leaves nothing, in localStorage or IndexedDB', async () => {
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 3);
    await page.queue._commit();
    append(page, 't1', 3, { from: 3 });
    clearStored(page.store, page.queue);
    expect(disk.used()).toBe(0);
    expect(await all(open(createDisk()))).toEqual([]);
  });
});

describe('bounds', () => {
  test('beyond 10,000 events the oldest go, counted', async () => {
    const page = open(createDisk());
    for (let from = 0; from < 12_000; from += 1000) {
      append(page, 't1', 1000, { from, chars: 250 });
      await page.queue._commit();
    }
    const kept = await all(page);
    // It is looked at now and then: each 256 K characters.
    expect(kept.length).toBeGreaterThanOrEqual(queueEvents - recordEvents);
    expect(kept.length).toBeLessThanOrEqual(queueEvents + 1000);
    expect(kept.length + droppedAs(page.drops, 'full')).toBe(12_000);
    expect(kept).toEqual(range('t1', kept.length, 12_000 - kept.length));
  });

  test('beyond 4 Mi characters the oldest go, counted', async () => {
    const page = open(createDisk());
    const chars = 64 * 1024;
    for (let seq = 0; seq < 80; seq++) {
      append(page, 't1', 1, { from: seq, chars });
      await page.queue._commit();
    }
    const names = await all(page);
    expect(names.length * chars).toBeLessThanOrEqual(queueChars * (1 + 1 / 16) + chars);
    expect(names.length * chars).toBeGreaterThan(queueChars * 0.9);
    expect(names.length + droppedAs(page.drops, 'full')).toBe(80);
    expect(names.at(-1)).toBe('t1-79');
  });

  test('what is older than a week goes, counted, before it is sent', async () => {
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 2);
    await page.queue._commit();
    clock.now += queueAgeMs / 2;
    append(page, 't1', 1, { from: 2 });
    await page.queue._commit();
    clock.now += queueAgeMs / 2 + 1;
    const next = open(disk);
    expect(await all(next)).toEqual(['t1-2']);
    expect(JSON.parse(next.drops._unreported()!)).toEqual({ old: 2 });
  });

  test.each([150, 400, 4000])(
    'a burst of events of %d characters takes no more than 256 K characters of the host’s storage; the rest waits in memory, and none is lost',
    async (chars) => {
      const disk = createDisk();
      const page = open(disk);
      const count = Math.ceil(1_500_000 / (chars + 100));
      append(page, 't1', count, { chars });
      expect(disk.used()).toBeLessThanOrEqual(256 * 1024);
      expect(disk.used()).toBeGreaterThan(160 * 1024);
      await page.queue._commit();
      expect((await all(page)).join()).toBe(range('t1', count).join());
    },
  );

  test('without IndexedDB the queue is bounded by what localStorage may hold of it', async () => {
    putBack();
    putBack = setGlobals({ indexedDB: undefined, IDBKeyRange: undefined });
    const disk = createDisk();
    const page = open(disk);
    for (let seq = 0; seq < 1500; seq++) {
      append(page, 't1', 1, { from: seq, chars: 400 });
      if (seq % 20 === 0) await page.queue._commit();
      if (seq % 20 === 0) expect(disk.used()).toBeLessThanOrEqual(256 * 1024);
    }
    await page.queue._commit();
    const names = await all(page);
    expect(names.at(-1)).toBe('t1-1499');
    expect(names.length * 400).toBeGreaterThan(webStorageChars * 0.8);
    expect(names.length + droppedAs(page.drops, 'full')).toBe(1500);
  });
});

describe('many tabs, one localStorage and one IndexedDB', () => {
  type Step = {
    tab: number;
    what: 'append' | 'commit' | 'late' | 'send' | 'lose' | 'refuse' | 'split' | 'leave' | 'snapshot' | 'stale' | 'kill';
    isFull: boolean;
    isCommitted: boolean;
  };
  const step = (kinds: readonly Step['what'][]): fc.Arbitrary<Step> =>
    fc.record({
      tab: fc.nat({ max: 2 }),
      what: fc.constantFrom(...kinds),
      isFull: fc.constantFrom(false, false, false, true),
      isCommitted: fc.boolean(),
    });

  /** Plays the steps, then sends all that waits. */
  async function play(steps: readonly Step[]) {
    databases = new IDBFactory();
    let disk = createDisk();
    let snapshot = disk.copy();
    let streams = 0;
    const newPage = () => ({ ...open(disk), stream: `t${++streams}`.padStart(4, '0'), seq: 0 });
    type Tab = ReturnType<typeof newPage>;
    let tabs = [newPage(), newPage(), newPage()];
    let commits: Promise<void>[] = [];
    const tracked: string[] = [];
    const delivered: string[] = [];
    const attempts: Batch[] = [];
    let lost: Batch | undefined;
    let counted = 0;
    const settled = async () => {
      await Promise.all(commits);
      commits = [];
    };
    const send = async ({ queue, store, drops }: Tab, how: Step['what']) => {
      // One at a time, by the lock; and a request takes longer than a commit.
      await settled();
      // What found no room in localStorage only its own tab can put. Where another tab sends what came after it, in the
      // 30 ms before it does, and the answer is lost, the two go as one batch later, and what was sent comes twice.
      for (const tab of tabs) if (tab.store._names('e.').some(tab.store._isMemoryOnly)) await tab.queue._commit();
      const batch = await queue._next();
      if (!batch) return;
      // An older stream may have got an event since; that goes first.
      if (batch.stream === lost?.stream) {
        expect(sent(batch)).toEqual(lost);
        lost = undefined;
      }
      attempts.push(batch);
      beginRun(store, batch);
      if (how === 'lose') lost = sent(batch);
      else if (how === 'split' && batch.lines.length > 1) queue._split(batch);
      else if (how === 'refuse') {
        counted += batch.lines.length;
        await queue._done(batch, 'refused');
        expect(total(JSON.parse(drops._unreported()!))).toBeGreaterThan(0);
      } else {
        delivered.push(...namesIn(batch));
        await queue._done(batch);
      }
    };
    for (const { tab, what, isFull, isCommitted } of steps) {
      const chosen = tabs[tab]!;
      // Only for events: what else is stored decides what tabs know of each other.
      disk.room = isFull && what === 'append' ? disk.used() + 10 : Number.POSITIVE_INFINITY;
      if (what === 'append') {
        tracked.push(`${chosen.stream}-${chosen.seq}`);
        chosen.queue._append(entry(chosen.stream, chosen.seq++, { chars: 30 }));
        // As the timer would have it, or not yet.
        if (isCommitted) await chosen.queue._commit();
      } else if (what === 'commit') await chosen.queue._commit();
      else if (what === 'late') commits.push(chosen.queue._commit());
      else if (what === 'leave') {
        commits.push(chosen.queue._commit());
        tabs[tab] = newPage();
      } else if (what === 'snapshot') snapshot = disk.copy();
      else if (what === 'stale') {
        // A tab to which the storage's changes have not come yet commits what it still sees.
        const behind = open(snapshot.copy());
        await behind.queue._commit();
      } else if (what === 'kill') {
        await settled();
        lost = undefined;
        disk = snapshot.copy();
        tabs = [newPage(), newPage(), newPage()];
      } else await send(chosen, what);
    }
    disk.room = Number.POSITIVE_INFINITY;
    for (const page of tabs) await page.queue._commit();
    for (let before = -1; before < attempts.length; ) {
      before = attempts.length;
      await send(tabs[0]!, 'send');
    }
    return { tracked, delivered, attempts, counted };
  }

  test('each event is delivered exactly once or counted: late commits, full storage, lost answers, refusals, splits, pages left', async () => {
    const kinds = ['append', 'append', 'append', 'commit', 'late', 'send', 'lose', 'refuse', 'split', 'leave'] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(step(kinds), { maxLength: 60 }), async (steps) => {
        // A half is another batch than the whole of which the answer was lost.
        const { tracked, delivered, attempts, counted } = await play(
          steps.filter(({ what }) => what !== 'split' || !steps.some((other) => other.what === 'lose')),
        );
        expect(new Set(delivered).size).toBe(delivered.length);
        expect(delivered.length + counted).toBe(tracked.length);
        // An id says which events a batch has.
        for (const { id, stream, first, last, lines } of attempts) {
          expect(id).toBe(`${stream}.${first}.${last}`);
          for (const other of attempts) if (other.id === id) expect(other.lines).toEqual(lines);
        }
      }),
      { numRuns: 120 },
    );
  });

  test('a killed browser whose localStorage falls back to an older state, and tabs that see an older one, bring nothing back and lose nothing committed', async () => {
    const kinds = ['append', 'append', 'append', 'commit', 'send', 'leave', 'snapshot', 'stale', 'kill'] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(step(kinds), { maxLength: 60 }), async (steps) => {
        const { tracked, delivered } = await play(
          steps.map((one) => ({ ...one, isCommitted: one.what === 'append' || one.isCommitted })),
        );
        expect(new Set(delivered).size).toBe(delivered.length);
        expect(delivered.toSorted()).toEqual(tracked.toSorted());
      }),
      { numRuns: 150 },
    );
  });

  test('what a kill can cost is what was not committed yet, and nothing of it comes twice', async () => {
    const kinds = ['append', 'append', 'append', 'late', 'send', 'lose', 'leave', 'snapshot', 'stale', 'kill'] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(step(kinds), { maxLength: 60 }), async (steps) => {
        const { tracked, delivered } = await play(steps);
        expect(new Set(delivered).size).toBe(delivered.length);
        expect(tracked).toEqual(expect.arrayContaining(delivered));
      }),
      { numRuns: 80 },
    );
  });

  test('two tabs that commit the same events at once store them once', async () => {
    const disk = createDisk();
    const [one, two] = [open(disk), open(disk)];
    append(one, 't1', 5);
    await Promise.all([one.queue._commit(), two.queue._commit()]);
    expect(await all(one)).toEqual(range('t1', 5));
    // And one that still saw them when they were sent long since.
    const late = createDisk();
    append(open(late), 't1', 5);
    expect(await all(open(late))).toEqual([]);
  });

  test('a localStorage that fell back to before the events were sent does not send them again, and what came after it goes', async () => {
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 5);
    const older = disk.copy();
    expect((await drain(page)).flatMap(namesIn)).toEqual(range('t1', 5));
    const restarted = open(older);
    expect(events(older)).toHaveLength(5);
    append(restarted, 't2', 2);
    expect((await drain(restarted)).flatMap(namesIn)).toEqual(range('t2', 2));
    expect(events(older)).toEqual([]);
  });

  test.each([
    ['nothing else', () => {}],
    ['more events', (page: Page) => append(page, 't1', 2, { from: 3 })],
    ['events that are in memory alone', (page: Page) => append(page, 't1', 30, { from: 3, chars: 8000 })],
    ['a page that was hidden before', (page: Page) => void page.queue._move(true)],
  ])(
    'a page that is left in the midst of a commit ends it, so that the next page need not wait for it: %s',
    async (_, meanwhile) => {
      const aborted = jest.spyOn(IDBTransaction.prototype, 'abort');
      const disk = createDisk();
      const page = open(disk);
      await page.queue._commit();
      append(page, 't1', 3);
      const commit = page.queue._commit();
      await Promise.resolve();
      meanwhile(page);
      await page.queue._move(true);
      await commit;
      expect(aborted).toHaveBeenCalled();
      aborted.mockRestore();
      expect(events(disk)).toEqual([]);
      const left = await all(open(disk));
      expect(left.slice(0, 3)).toEqual(range('t1', 3));
      expect(new Set(left).size).toBe(left.length);
      // A page that lives on goes on with IndexedDB.
      append(page, 't2', 1);
      await page.queue._commit();
      expect(await keysInDatabase('e.t2')).toHaveLength(1);
    },
  );

  test('the marks are of the newest streams, so that they do not grow for ever', async () => {
    const page = open(createDisk());
    for (let n = 0; n < streamsRemembered + 5; n++) {
      append(page, `t${n}`, 2);
      await page.queue._commit();
    }
    const marks = Object.entries((await inDatabase('m')) as Record<string, number>);
    expect(marks).toEqual(Array.from({ length: streamsRemembered }, (_, n) => [`t${n + 5}`, 1]));
  });
});

describe('an IndexedDB that fails', () => {
  /** Answers each request of opening by an error. */
  const failing = () => {
    const request = { onerror: (_: unknown) => {} };
    setImmediate(() => request.onerror(new Error('UnknownError')));
    return request;
  };
  /** Opens, and then its transactions are as told. */
  const withTransactions = (change: (database: IDBDatabase) => void) => ({
    open(name: string) {
      const request = databases.open(name, 1);
      request.addEventListener('success', () => change(request.result));
      return request;
    },
  });
  const throws = (message: string) => () => {
    throw new Error(message);
  };
  /** Transactions that begin and never end, as behind that of a page that is frozen in one. */
  const stuck = (more: object = {}) =>
    withTransactions((database) => {
      const never = () => ({});
      const store = { get: never, put: never, getAllKeys: never, getAll: never, delete: never };
      database.transaction = () => ({ objectStore: () => store, commit() {}, abort() {}, ...more }) as never;
    });
  const kinds: [string, unknown][] = [
    ['is missing', undefined],
    ['throws when it is opened', { open: throws('SecurityError') }],
    ['gives null', { open: () => null }],
    ['fails to open', { open: failing }],
    ['never answers', { open: () => ({}) }],
    ['never answers in a transaction', stuck()],
    ['never answers, and refuses to abort', stuck({ abort: throws('InvalidStateError') })],
    ['never answers, and cannot commit', stuck({ commit: undefined })],
    [
      'throws at every transaction',
      withTransactions((database) => {
        database.transaction = throws('InvalidStateError');
      }),
    ],
    [
      'aborts every transaction',
      withTransactions((database) => {
        const transaction = database.transaction.bind(database);
        database.transaction = (...given) => {
          const made = transaction(...given);
          setImmediate(() => made.abort());
          return made;
        };
      }),
    ],
  ];

  test.each(kinds)('that %s: the queue goes on in localStorage and loses nothing', async (_, indexedDB) => {
    const undo = setGlobals({ indexedDB });
    const disk = createDisk();
    const page = open(disk);
    append(page, 't1', 3);
    await clock.advance(openMs + 100);
    append(page, 't1', 3, { from: 3 });
    expect(events(disk)).toHaveLength(6);
    const batch = (await page.queue._next())!;
    expect(namesIn(batch)).toEqual(range('t1', 6));
    beginRun(page.store, batch);
    append(page, 't1', 1, { from: 6 });
    await page.queue._commit();
    expect(sent((await page.queue._next())!)).toEqual(sent(batch));
    await page.queue._done(batch);
    undo();
    // A later page whose IndexedDB works goes on from there.
    expect(await all(open(disk))).toEqual(['t1-6']);
  });

  test('that stalls in the middle: what comes goes on, what is in it waits for the next page', async () => {
    const disk = createDisk();
    let isStuck = false;
    const undo = setGlobals({
      indexedDB: withTransactions((database) => {
        const transaction = database.transaction.bind(database);
        const never = { objectStore: () => ({ get: () => ({}), getAllKeys: () => ({}) }), abort() {} };
        database.transaction = (...given) => (isStuck ? (never as never) : transaction(...given));
      }),
    });
    const page = open(disk);
    append(page, 't1', 3);
    await page.queue._commit();
    isStuck = true;
    append(page, 't1', 3, { from: 3 });
    await clock.advance(openMs + 100);
    expect(await all(page)).toEqual(range('t1', 3, 3));
    undo();
    expect(await all(open(disk))).toEqual(range('t1', 3));
  });

  test('that breaks in the middle: what is in it already waits for the next page, what comes goes on', async () => {
    const disk = createDisk();
    let isBroken = false;
    const undo = setGlobals({
      indexedDB: withTransactions((database) => {
        const transaction = database.transaction.bind(database);
        database.transaction = (...given) => {
          if (isBroken) throw new Error('InvalidStateError');
          return transaction(...given);
        };
      }),
    });
    const page = open(disk);
    append(page, 't1', 3);
    await page.queue._commit();
    isBroken = true;
    append(page, 't1', 3, { from: 3 });
    expect(await all(page)).toEqual(range('t1', 3, 3));
    undo();
    expect(await all(open(disk))).toEqual(range('t1', 3));
  });

  test('that cannot remove: the page does not send the same batch over and over', async () => {
    const disk = createDisk();
    let isFull = false;
    const undo = setGlobals({
      indexedDB: withTransactions((database) => {
        const transaction = database.transaction.bind(database);
        database.transaction = (...given) => {
          const made = transaction(...given);
          if (isFull) {
            made.objectStore('e').delete = throws('QuotaExceededError');
          }
          return made;
        };
      }),
    });
    const page = open(disk);
    append(page, 't1', 3);
    const batch = (await page.queue._next())!;
    isFull = true;
    await page.queue._done(batch);
    expect(await page.queue._next()).toBeUndefined();
    undo();
  });

  test('and a localStorage that fails too: the queue goes on in memory', async () => {
    const undo = setGlobals({ indexedDB: undefined });
    const disk = createDisk();
    disk.broken = true;
    const page = open(disk);
    append(page, 't1', 3);
    await page.queue._commit();
    expect(await all(page)).toEqual(range('t1', 3));
    undo();
  });
});

describe('what was dropped', () => {
  test('is counted over pages, as totals, and told when there is more than the last report said', () => {
    const disk = createDisk();
    open(disk).drops._count('field');
    const { drops } = open(disk);
    drops._count('full', 2);
    expect(JSON.parse(drops._unreported()!)).toEqual({ field: 1, full: 2 });
    drops._reported();
    expect(drops._unreported()).toBeUndefined();
    expect(open(disk).drops._unreported()).toBeUndefined();
    open(disk).drops._count('full');
    // A report that is dropped itself hides nothing: the next one has it all.
    expect(JSON.parse(open(disk).drops._unreported()!)).toEqual({ field: 1, full: 3 });
  });

  test('broken counts begin again', () => {
    const disk = createDisk({ 'millrace.demo.d': '{' });
    const { drops } = open(disk);
    expect(drops._unreported()).toBeUndefined();
    drops._count('old');
    expect(JSON.parse(drops._unreported()!)).toEqual({ old: 1 });
  });
});
