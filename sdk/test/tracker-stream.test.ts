import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { browserRandom, createShortId } from '../src/tracker/id.js';
import { createIdentity, sessionIdleMs } from '../src/tracker/identity.js';
import { createStore } from '../src/tracker/store.js';
import { createStream, type Place } from '../src/tracker/stream.js';
import { createDisk, type Disk } from './browser/web-storage.js';

const start = 1_795_406_270_273;
const prefix = 'millrace.demo.';
const minute = 60_000;

describe('the person', () => {
  const open = (disk: Disk) =>
    createIdentity(
      createStore(() => disk.storage, prefix),
      createShortId(browserRandom),
    );

  test('a session goes on while there is an event in 30 minutes, and ends after it; the visitor stays', () => {
    const identity = open(createDisk());
    const first = identity.touch(start);
    let now = start;
    for (let n = 0; n < 10; n++) {
      now += sessionIdleMs - 1;
      expect(identity.touch(now).session).toBe(first.session);
    }
    const later = identity.touch(now + sessionIdleMs + 1);
    expect(later.session).not.toBe(first.session);
    expect(later.visitor).toBe(first.visitor);
  });

  test('tabs and later pages share visitor, session and user', () => {
    const disk = createDisk();
    const [one, two] = [open(disk), open(disk)];
    const { visitor, session } = one.touch(start);
    expect(two.touch(start + minute)).toMatchObject({ visitor, session });
    two.setUser('u1', start + minute);
    expect(one.touch(start + 2 * minute).user).toBe('u1');
    one.setUser(undefined, start + 3 * minute);
    expect(two.touch(start + 4 * minute).user).toBeUndefined();
    two.save();
    expect(open(disk).touch(start + 5 * minute)).toMatchObject({ visitor, session });
  });

  test('a session lives on the last event of any tab', () => {
    const disk = createDisk();
    const [one, two] = [open(disk), open(disk)];
    const { session } = one.touch(start);
    two.touch(start + 20 * minute);
    expect(one.touch(start + 45 * minute).session).toBe(session);
  });

  test('does not write at every event', () => {
    const disk = createDisk();
    let writes = 0;
    const storage = Object.create(disk.storage);
    storage.setItem = (name: string, text: string) => {
      writes++;
      disk.storage.setItem(name, text);
    };
    const identity = createIdentity(
      createStore(() => storage, prefix),
      createShortId(browserRandom),
    );
    for (let n = 0; n < 100; n++) identity.touch(start + n);
    expect(writes).toBe(1);
  });

  test('a record that is broken, or from a clock far ahead, does not stick', () => {
    for (const text of ['', '{', '[1,2,3]', '["","",0]', 'null', '["v"]', JSON.stringify(['v'.repeat(65), 's', 1])]) {
      const disk = createDisk({ [`${prefix}v`]: text });
      expect(open(disk).touch(start).visitor).toMatch(/^[a-z0-9]{20}$/);
    }
    const ahead = createDisk({ [`${prefix}v`]: JSON.stringify(['v1', 's1', start + 1000 * minute]) });
    const person = open(ahead).touch(start);
    expect(person.visitor).toBe('v1');
    expect(person.session).not.toBe('s1');
  });
});

describe('streams', () => {
  /** A browser: one localStorage, tabs with a sessionStorage each, a page in each tab. */
  function createBrowser() {
    const local = createDisk();
    const places: Place[] = [];
    let now = start;
    let tabCount = 0;
    function openTab(session = createDisk()) {
      tabCount++;
      const load = () =>
        createStream(
          createStore(() => local.storage, prefix),
          createStore(() => session.storage, prefix),
          createShortId(browserRandom),
          () => -1,
        );
      let page = load();
      return {
        track() {
          const place = page.next(now++);
          places.push(place);
          return place;
        },
        navigate() {
          page.release();
          page = load();
        },
        crash() {
          page = load();
        },
        /** A page comes back from the back/forward cache after another was there. */
        backForward() {
          const left = page;
          page.release();
          const other = load();
          places.push(other.next(now++));
          other.release();
          page = left;
        },
        duplicate: () => openTab(session.copy()),
      };
    }
    return { openTab, places, tabCount: () => tabCount };
  }

  test('one tab is one stream over its pages, gap-free from 0', () => {
    const { openTab, places } = createBrowser();
    const tab = openTab();
    for (let n = 0; n < 6; n++) {
      tab.track();
      tab.navigate();
    }
    tab.backForward();
    tab.track();
    expect(new Set(places.map(({ stream_id }) => stream_id)).size).toBe(1);
    expect(places.map(({ seq }) => seq)).toEqual(places.map((_, index) => index));
    expect(places.some((place) => 'after_seq' in place)).toBe(false);
  });

  test('a duplicated tab has a stream of its own, also when it was copied between two pages', () => {
    const { openTab } = createBrowser();
    const tab = openTab();
    const { stream_id } = tab.track();
    expect(tab.duplicate().track().stream_id).not.toBe(stream_id);
    tab.navigate();
    const copy = tab.duplicate();
    const mine = tab.track().stream_id;
    expect(copy.track().stream_id).not.toBe(mine);
  });

  test('a new stream tells on its first event how far the one before got', () => {
    const { openTab } = createBrowser();
    const first = openTab();
    for (let n = 0; n < 4; n++) first.track();
    const { stream_id } = first.track();
    first.navigate();
    const next = openTab();
    expect(next.track()).toMatchObject({ seq: 0, after_stream_id: stream_id, after_seq: 4 });
    expect('after_seq' in next.track()).toBe(false);
  });

  test('of several tabs at once each is told in the end, also the one that went on after it was told', () => {
    const { openTab, places } = createBrowser();
    const [one, two] = [openTab(), openTab()];
    one.track();
    two.track();
    for (let n = 0; n < 5; n++) one.track();
    one.navigate();
    two.navigate();
    for (let n = 0; n < 3; n++) openTab().track();
    const told = new Map<string, number>();
    for (const { after_stream_id, after_seq } of places) if (after_stream_id) told.set(after_stream_id, after_seq!);
    expect([...told.values()]).toContain(5);
    expect(told.size).toBeGreaterThanOrEqual(2);
  });

  test('(stream, seq) is never given twice and never with a gap, and what is told of a stream is true', () => {
    const step = fc.record({
      tab: fc.nat({ max: 7 }),
      what: fc.constantFrom('track', 'track', 'track', 'navigate', 'crash', 'backForward', 'duplicate', 'open'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { openTab, places } = createBrowser();
        const tabs = [openTab()];
        for (const { tab, what } of steps) {
          const chosen = tabs[tab % tabs.length]!;
          if (what === 'open') tabs.push(openTab());
          else if (what === 'duplicate') tabs.push(chosen.duplicate());
          else chosen[what]();
        }
        const streams = new Map<string, number>();
        for (const { stream_id, seq, after_stream_id, after_seq } of places) {
          expect(seq).toBe((streams.get(stream_id) ?? -1) + 1);
          streams.set(stream_id, seq);
          if (after_stream_id !== undefined) {
            expect(seq).toBe(0);
            expect(after_stream_id).not.toBe(stream_id);
            expect(streams.get(after_stream_id)).toBeGreaterThanOrEqual(after_seq!);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('without any storage each page is a stream, gap-free all the same', () => {
    const stream = createStream(
      createStore(() => undefined, prefix),
      createStore(() => undefined, prefix),
      createShortId(browserRandom),
      () => -1,
    );
    expect([stream.next(start).seq, stream.next(start).seq, stream.next(start).seq]).toEqual([0, 1, 2]);
  });
});
