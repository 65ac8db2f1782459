import './browser/fake-dom.js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { checkEvent } from '../src/schema/index.js';
import { streamsRemembered } from '../src/tracker/bounds.js';
import { createStore, type Store } from '../src/tracker/browser/store.js';
import { defaults } from '../src/tracker/core/defaults.js';
import { startTracker } from '../src/tracker/core/start-tracker.js';
import { shortId } from '../src/tracker/identity/short-id.js';
import { createStream, type Stream } from '../src/tracker/identity/stream.js';
import { recordStream } from '../src/tracker/identity/stream-records.js';
import { identify } from '../src/tracker/modules/identify.js';
import { pageExit } from '../src/tracker/modules/page-exit.js';
import { reports } from '../src/tracker/modules/reports.js';
import { lineOf } from '../src/tracker/queue/entry.js';
import { nameOf } from '../src/tracker/queue/stored-name.js';
import { type FakeBrowser, startFakeBrowser } from './browser/fake-browser.js';
import { createDisk } from './browser/web-storage.js';

const start = 1_795_406_270_273;

/** An event's place, and the stream before it. */
interface Place {
  stream_id: string;
  seq: number;
  after_stream_id?: string;
  after_seq?: number;
}

const facts = '{"event":"liked_item"';
const placeIn = (stream: Stream, at: number): Place => JSON.parse(lineOf(stream._next(at, facts)));

/** The stream of a page, with what is known of earlier ones. */
function streamOf(store: Store): Stream {
  const stream = createStream();
  recordStream(stream, store);
  return stream;
}

/** A localStorage, and pages over it, each with a stream of its own. */
function createSite() {
  let disk = createDisk();
  let now = start;
  const places: Place[] = [];
  const newStore = () => createStore(() => disk.storage, 'p.');
  function open() {
    const store = newStore();
    const stream = streamOf(store);
    return {
      /** An event; where it is stored, as the queue does it, it can be found after a crash. */
      track({ isStored = false } = {}) {
        const place = placeIn(stream, now++);
        places.push(place);
        if (isStored) store._set(nameOf({ stream: place.stream_id, seq: place.seq, at: 0, text: '{}' }), '{}');
        return place;
      },
      note: () => stream._note!(),
      end: () => stream._end(),
    };
  }
  return {
    open,
    places,
    names: (kind: string) => newStore()._names(kind),
    copy: () => disk.copy(),
    fallBack: (older: ReturnType<typeof createDisk>) => {
      disk = older.copy();
    },
    wait: (ms: number) => {
      now += ms;
    },
  };
}

const tells = ({ after_stream_id, after_seq }: Place) =>
  after_stream_id === undefined ? undefined : `${after_stream_id}:${after_seq}`;

describe('streams', () => {
  test("a page's life is a stream, gap-free from 0, and no page goes on with another's", () => {
    const { open, places } = createSite();
    for (let page = 0; page < 5; page++) {
      const { track } = open();
      for (let n = 0; n < 4; n++) track();
    }
    expect(places.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    expect(new Set(places.map(({ stream_id }) => stream_id)).size).toBe(5);
  });

  test('a page that lives for years has several: each ends at the last number that its ids can hold', () => {
    const places: Place[] = [];
    const [first, second] = [shortId(start), shortId(start + 1)];
    let [id, seq] = [first, 8_999_996];
    const stream: Stream = {
      _next: (at, text) => {
        const entry = { stream: id, seq, at, text: `${at}${text}}` };
        seq += 1;
        return entry;
      },
      _end() {
        [id, seq] = [second, 0];
      },
    };
    recordStream(
      stream,
      createStore(() => createDisk().storage, 'p.'),
    );
    for (let n = 0; n < 6; n++) places.push(placeIn(stream, start + n));
    expect(places.map(({ stream_id, seq: number }) => `${stream_id}:${number}`)).toEqual([
      `${first}:8999996`,
      `${first}:8999997`,
      `${first}:8999998`,
      `${first}:8999999`,
      `${second}:0`,
      `${second}:1`,
    ]);
    expect(tells(places[4]!)).toBe(`${first}:8999999`);
    for (const place of places) expect(checkEvent({ ...someEvent(), ...place }).refusal).toBeUndefined();
  });

  test('streams sort by age', () => {
    const { open, wait } = createSite();
    const ids = [1, 10, 1e3, 1e6, 1e9].map((ms) => {
      wait(ms);
      return open().track().stream_id;
    });
    expect(ids.toSorted()).toEqual(ids);
  });

  test('the first three events of a stream say how far the one before got, and no later one', () => {
    const { open } = createSite();
    const first = open();
    let last = first.track();
    for (let n = 0; n < 4; n++) last = first.track();
    first.note();
    const next = open();
    const told = Array.from({ length: 5 }, () => tells(next.track()));
    const expected = `${last.stream_id}:4`;
    expect(told).toEqual([expected, expected, expected, undefined, undefined]);
  });

  test('the very first stream tells of none', () => {
    const { track } = createSite().open();
    expect([track(), track(), track(), track()].map(tells)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('a stream is told of once, by one stream, unless it went on', () => {
    const { open } = createSite();
    const one = open();
    const { stream_id } = one.track();
    one.note();
    expect(tells(open().track())).toBe(`${stream_id}:0`);
    const third = tells(open().track());
    expect(third).not.toContain(stream_id);
    one.track();
    one.note();
    const later = [open().track(), open().track(), open().track()].map(tells);
    expect(later.filter((told) => told === `${stream_id}:1`)).toHaveLength(1);
    expect(later.filter((told) => told === `${stream_id}:0`)).toEqual([]);
  });

  test('of several tabs at once each is told of in the end', () => {
    const { open, places } = createSite();
    const tabs = Array.from({ length: 6 }, open);
    for (const tab of tabs) tab.track();
    for (const tab of tabs) tab.track();
    for (const tab of tabs) tab.note();
    const ended = new Set(places.map(({ stream_id }) => stream_id));
    for (let n = 0; n < 12; n++) open().track();
    const told = new Map(places.filter(tells).map(({ after_stream_id, after_seq }) => [after_stream_id, after_seq]));
    for (const stream of ended) expect(told.get(stream)).toBe(1);
  });

  test('a page that crashed without a note is told of as far as its events are in the storage', () => {
    const { open } = createSite();
    const crashed = open();
    let last = crashed.track({ isStored: true });
    for (let n = 0; n < 40; n++) last = crashed.track({ isStored: true });
    expect(tells(open().track())).toBe(`${last.stream_id}:40`);
  });

  test('another visitor or another clock begins another stream at the next event', () => {
    const { open } = createSite();
    const page = open();
    page.track();
    const { stream_id } = page.track();
    page.end();
    page.end();
    const next = page.track();
    expect(next).toMatchObject({ seq: 0, after_stream_id: stream_id, after_seq: 1 });
    expect(next.stream_id).not.toBe(stream_id);
  });

  test('the last 50 streams are remembered, and what is older is forgotten with all that was stored of it', () => {
    const { open, names } = createSite();
    for (let n = 0; n < 3 * streamsRemembered; n++) {
      const page = open();
      page.track();
      page.note();
    }
    expect(names('s.').length).toBeLessThanOrEqual(streamsRemembered + 1);
    expect(names('s.').length).toBeGreaterThanOrEqual(streamsRemembered);
  });

  test('what is stored broken counts as nothing', () => {
    for (const text of ['', '|', 'x|y|z', 'null', '-1|-1|', '{}']) {
      const disk = createDisk({ 'p.s.old': text });
      const stream = streamOf(createStore(() => disk.storage, 'p.'));
      expect(stream._next(start, facts)).toEqual({
        stream: expect.any(String),
        seq: 0,
        at: start,
        text: `${start}${facts}}`,
      });
    }
  });

  test('without any storage each page is a stream, gap-free all the same', () => {
    const stream = streamOf(createStore(() => undefined, 'p.'));
    expect(Array.from({ length: 3 }, () => stream._next(start, facts).seq)).toEqual([0, 1, 2]);
  });

  test(`(stream, seq) is never given twice and never with a gap, and what is told of a stream is true: tabs, crashes, kills of the browser${leavesOut('100 of 300 runs')}`, () => {
    const step = fc.record({
      tab: fc.nat({ max: 5 }),
      what: fc.constantFrom('track', 'track', 'track', 'note', 'end', 'open', 'close', 'crash', 'snapshot', 'kill'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { open, places, copy, fallBack } = createSite();
        let tabs = [open()];
        let older = copy();
        for (const { tab, what } of steps) {
          const index = tab % tabs.length;
          const chosen = tabs[index]!;
          if (what === 'open') tabs.push(open());
          else if (what === 'close' || what === 'crash') {
            if (what === 'close') chosen.note();
            tabs[index] = open();
          } else if (what === 'snapshot') older = copy();
          else if (what === 'kill') {
            fallBack(older);
            tabs = [open()];
          } else chosen[what]();
        }
        const streams = new Map<string, number>();
        for (const { stream_id, seq, after_stream_id, after_seq } of places) {
          expect(seq).toBe((streams.get(stream_id) ?? -1) + 1);
          streams.set(stream_id, seq);
          if (after_stream_id !== undefined) {
            expect(seq).toBeLessThan(3);
            expect(after_stream_id).not.toBe(stream_id);
            expect(streams.get(after_stream_id)).toBeGreaterThanOrEqual(after_seq!);
          }
        }
      }),
      { numRuns: inForm(100, 300) },
    );
  });
});

describe('streams of a tracker', () => {
  let browser: FakeBrowser;
  beforeEach(() => {
    browser = startFakeBrowser({ now: start });
  });
  afterEach(() => browser.close());
  const sent = () => browser.sent.flatMap(({ lines }) => lines.map((line) => JSON.parse(line)));

  test('no number is given to an event that is not stored, so that it does not look like a loss', async () => {
    browser.open();
    const tracker = startTracker({ key: 'demo', endpoint: '/v1/events' }, [defaults]);
    tracker.track('liked_item');
    for (const bad of [{ properties: { n: 1n } }, { toJSON: () => JSON.parse('{') }]) {
      expect(() => tracker.track('liked_item', bad)).toThrow();
    }
    tracker.track('');
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    expect(sent().map(({ seq }) => seq)).toEqual([0, 1]);
  });

  test('a page that is left is told of by the next, to its last event', async () => {
    const first = browser.open();
    const tracker = startTracker({ key: 'demo', endpoint: '/v1/events' }, [defaults, reports, pageExit]);
    for (let n = 0; n < 7; n++) tracker.track('liked_item');
    await browser.clock.advance(1000);
    tracker.track('liked_item');
    first.leave();
    await browser.clock.advance(1000);
    browser.open();
    startTracker({ key: 'demo', endpoint: '/v1/events' }, [defaults, reports]).track('liked_item');
    await browser.clock.advance(1000);
    const last = sent().at(-1);
    expect(last).toMatchObject({ seq: 0, after_stream_id: sent()[0].stream_id, after_seq: 7 });
  });

  test('reset begins another visitor, session and stream, which tells of the one before', async () => {
    browser.open();
    const tracker = startTracker({ key: 'demo', endpoint: '/v1/events' }, [defaults, reports, identify]);
    tracker.track('liked_item');
    tracker.track('liked_item');
    (tracker.reset as () => void)();
    await browser.clock.advance(10);
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    const [first, , third] = sent();
    for (const field of ['visitor_id', 'session_id', 'stream_id']) expect(third[field]).not.toBe(first[field]);
    expect(third).toMatchObject({ seq: 0, after_stream_id: first.stream_id, after_seq: 1 });
  });

  test(`each stream is of one visitor, whatever tabs do${leavesOut('20 of 40 runs')}`, async () => {
    const step = fc.record({ tab: fc.nat({ max: 2 }), what: fc.constantFrom('track', 'track', 'reset', 'open') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        browser.close();
        browser = startFakeBrowser({ now: start });
        browser.open();
        const newPage = () => startTracker({ key: 'demo', endpoint: '/v1/events' }, [defaults, reports, identify]);
        const tabs = [newPage(), newPage(), newPage()];
        for (const { tab, what } of steps) {
          browser.clock.now++;
          if (what === 'track') tabs[tab]!.track('liked_item');
          else if (what === 'reset') (tabs[tab]!.reset as () => void)();
          else tabs[tab] = newPage();
        }
        await browser.clock.advance(5000);
        const visitors = new Map<string, string>();
        for (const { stream_id, visitor_id } of sent()) {
          expect(visitors.get(stream_id) ?? visitor_id).toBe(visitor_id);
          visitors.set(stream_id, visitor_id);
        }
        expect(sent()).toHaveLength(steps.filter(({ what }) => what === 'track').length);
      }),
      { numRuns: inForm(20, 40) },
    );
  });
});
