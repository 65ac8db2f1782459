import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batchChars, batchEvents, queueAgeMs, queueChars, queueEvents } from '../src/tracker/bounds.js';
import { createDrops, type DropCounts } from '../src/tracker/drops.js';
import { browserRandom, createUuid7 } from '../src/tracker/id.js';
import { type Batch, createQueue } from '../src/tracker/queue.js';
import { createStore } from '../src/tracker/store.js';
import { createDisk, type Disk } from './browser/web-storage.js';

const start = 1_795_406_270_273;

/** A tab's queue over a disk that tabs may share. */
function open(disk: Disk) {
  const store = createStore(() => disk.storage, 'millrace.demo.');
  const drops = createDrops(store);
  return { store, drops, queue: createQueue(store, drops, createUuid7(browserRandom)) };
}

const line = (name: string, chars = 0) => JSON.stringify({ name, pad: 'x'.repeat(chars) });
const namesIn = (batch: Batch | undefined) => (batch?.body.split('\n') ?? []).map((text) => JSON.parse(text).name);
const total = (counts: DropCounts | undefined) => Object.values(counts ?? {}).reduce((sum, number) => sum + number, 0);

describe('the store', () => {
  test('keeps everything in memory where storage throws at the first touch', () => {
    const store = createStore(() => {
      throw new Error('SecurityError');
    }, 'p.');
    expect(store.set('a1', 'x')).toBe(false);
    expect(store.get('a1')).toBe('x');
    expect(store.names('a')).toEqual(['a1']);
    store.remove('a1');
    expect(store.get('a1')).toBeUndefined();
    expect(store.names('')).toEqual([]);
  });

  test('when it is full, a later page does not find an outdated text', () => {
    const disk = createDisk();
    const store = createStore(() => disk.storage, 'p.');
    store.set('s', '1');
    disk.room = 0;
    expect(store.set('s', '2')).toBe(false);
    expect(store.get('s')).toBe('2');
    expect(createStore(() => disk.storage, 'p.').get('s')).toBeUndefined();
  });

  test('what the browser refuses to remove is gone all the same', () => {
    const disk = createDisk();
    const store = createStore(() => disk.storage, 'p.');
    store.set('e.1', 'x');
    disk.storage.removeItem = () => {
      throw new Error('no');
    };
    store.remove('e.1');
    expect(store.get('e.1')).toBeUndefined();
    expect(store.names('e.')).toEqual([]);
  });
});

describe('the queue', () => {
  test('a stored event survives the page, and a batch keeps its id and its events over pages and tabs', () => {
    const disk = createDisk();
    const first = open(disk).queue;
    for (let seq = 0; seq < 3; seq++) first.append('t1', seq, start + seq, line(`e${seq}`));
    const batch = first.next(start);
    first.append('t1', 3, start, line('e3'));
    const other = open(disk).queue;
    expect(other.next(start + 5)).toEqual(batch);
    expect(namesIn(batch)).toEqual(['e0', 'e1', 'e2']);
    other.done(batch!);
    expect(namesIn(other.next(start))).toEqual(['e3']);
  });

  test("a stream's events are in their order, also when the clock jumps back", () => {
    const { queue } = open(createDisk());
    for (let seq = 0; seq < 40; seq++) queue.append('t1', seq, start - seq * 1000, line(`e${seq}`));
    expect(namesIn(queue.next(start))).toEqual(Array.from({ length: 40 }, (_, seq) => `e${seq}`));
  });

  test('a batch has at most 50 events and 48 K characters, one event more than that alone goes alone', () => {
    const { queue } = open(createDisk());
    for (let seq = 0; seq < 120; seq++) queue.append('t1', seq, start, line(`e${seq}`));
    expect(namesIn(queue.next(start))).toHaveLength(batchEvents);
    const big = open(createDisk()).queue;
    for (let seq = 0; seq < 8; seq++) big.append('t1', seq, start, line(`e${seq}`, 12 * 1024));
    const batch = big.next(start)!;
    expect(namesIn(batch)).toHaveLength(3);
    expect(batch.body.length).toBeLessThanOrEqual(batchChars);
    const huge = open(createDisk()).queue;
    huge.append('t1', 0, start, line('huge', batchChars));
    huge.append('t1', 1, start, line('next'));
    expect(namesIn(huge.next(start))).toEqual(['huge']);
  });

  test('a batch that lost an event gets a new id, because an id stands for its events', () => {
    const disk = createDisk();
    const { queue, store } = open(disk);
    for (let seq = 0; seq < 3; seq++) queue.append('t1', seq, start, line(`e${seq}`));
    const batch = queue.next(start)!;
    store.remove(batch.names[1]!);
    const again = queue.next(start)!;
    expect(again.id).not.toBe(batch.id);
    expect(namesIn(again)).toEqual(['e0', 'e2']);
    expect(store.names('b.')).toEqual([`b.${again.id}`]);
  });

  test('only what is of the stream, and no batch that is excepted', () => {
    const { queue } = open(createDisk());
    queue.append('t1', 0, start, line('a'));
    queue.append('t2', 0, start, line('b'));
    const mine = queue.next(start, batchChars, 't2')!;
    expect(namesIn(mine)).toEqual(['b']);
    expect(queue.next(start, batchChars, 't2', new Set([mine.id]))).toBeUndefined();
    expect(namesIn(queue.next(start, batchChars, undefined, new Set([mine.id])))).toEqual(['a']);
  });

  test('a batch too large for the server goes in halves', () => {
    const { queue } = open(createDisk());
    for (let seq = 0; seq < 10; seq++) queue.append('t1', seq, start, line(`e${seq}`));
    const batch = queue.next(start)!;
    queue.split(batch);
    const half = queue.next(start)!;
    expect(namesIn(half)).toHaveLength(5);
    expect(half.id).not.toBe(batch.id);
  });

  test('full, it drops the oldest, counts them, and stays within its bounds', () => {
    const disk = createDisk();
    const { queue, drops } = open(disk);
    for (let seq = 0; seq < 2000; seq++) queue.append('t1', seq, start + seq, line(`e${seq}`));
    expect(drops.pending()?.full).toBeGreaterThanOrEqual(2000 - queueEvents);
    let last = '';
    let waiting = 0;
    for (let batch = queue.next(start); batch; batch = queue.next(start)) {
      last = namesIn(batch).at(-1);
      waiting += batch.names.length;
      queue.done(batch);
    }
    expect(last).toBe('e1999');
    expect(waiting + drops.pending()!.full!).toBe(2000);
    expect(waiting).toBeGreaterThan(queueEvents * 0.9);
  });

  test('never takes more than 256 K characters of the host’s storage, with 8 tabs as well', () => {
    const disk = createDisk();
    const tabs = Array.from({ length: 8 }, () => open(disk));
    let most = 0;
    for (let seq = 0; seq < 300; seq++) {
      tabs.forEach(({ queue }, tab) => {
        queue.append(`t${tab}`, seq, start + seq, line('e', 400));
      });
      if (seq % 50 === 0) tabs[0]!.queue.next(start);
      if (seq % 10 === 9) most = Math.max(most, disk.used());
    }
    expect(most).toBeLessThanOrEqual(256 * 1024);
    expect(most).toBeGreaterThan(queueChars * 0.9);
  });

  test('drops what is older than a week', () => {
    const { queue, drops } = open(createDisk());
    queue.append('t1', 0, start, line('old'));
    queue.append('t1', 1, start + 1000, line('new'));
    expect(namesIn(queue.next(start + queueAgeMs + 500))).toEqual(['new']);
    expect(drops.pending()).toEqual({ old: 1 });
  });

  test('every event is waiting, done or counted, whatever happens: several tabs, full disk, refusals, splits', () => {
    type Step = { tab: number; what: 'append' | 'send' | 'refuse' | 'split' | 'lose'; room: number };
    const step: fc.Arbitrary<Step> = fc.record({
      tab: fc.integer({ min: 0, max: 2 }),
      what: fc.constantFrom('append', 'append', 'append', 'send', 'refuse', 'split', 'lose'),
      room: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 3000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const disk = createDisk();
        const tabs = [open(disk), open(disk), open(disk)];
        const seqs = [0, 0, 0];
        const done: string[] = [];
        for (const { tab, what, room } of steps) {
          const { queue } = tabs[tab]!;
          disk.room = room;
          if (what === 'append') {
            const seq = seqs[tab]!++;
            queue.append(`t${tab}`, seq, start + seq, line(`${tab}-${seq}`, 300));
            continue;
          }
          const batch = queue.next(start);
          if (!batch) continue;
          if (what === 'send') {
            done.push(...namesIn(batch));
            queue.done(batch);
          } else if (what === 'refuse') queue.refuse(batch, 'refused');
          else if (what === 'split' && batch.names.length > 1) queue.split(batch);
          // "lose": the answer never came, and the batch waits for the next try.
        }
        const waiting = new Set<string>();
        for (const { queue } of tabs) {
          for (let batch = queue.next(start); batch; batch = queue.next(start)) {
            for (const name of namesIn(batch)) waiting.add(name);
            queue.done(batch);
          }
        }
        expect(new Set(done).size).toBe(done.length);
        // The counts may lie in the memory of the tab whose disk was full.
        const counted = Math.max(...tabs.map(({ store }) => total(createDrops(store).pending())));
        const lost = seqs.reduce((sum, count) => sum + count, 0) - done.length - waiting.size;
        expect(lost).toBeGreaterThanOrEqual(0);
        if (!steps.some(({ room }) => room === 3000)) expect(counted).toBe(lost);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what was dropped', () => {
  test('is counted over pages until an event has carried it off', () => {
    const disk = createDisk();
    open(disk).drops.count('field');
    const { drops } = open(disk);
    drops.event('full', '{"name":"a"}');
    drops.event('full', undefined);
    expect(drops.pending()).toEqual({ field: 1, full: 2 });
    drops.reported();
    expect(drops.pending()).toBeUndefined();
    expect(open(disk).drops.pending()).toBeUndefined();
  });

  test('is not forgotten when the event that carries it is dropped itself', () => {
    const { drops } = open(createDisk());
    drops.event('refused', JSON.stringify({ properties: { tracker_dropped: { full: 7, refused: 2 } } }));
    expect(drops.pending()).toEqual({ refused: 3, full: 7 });
  });
});
