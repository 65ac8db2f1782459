import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newAborter } from '../src/tracker/aborter.js';
import { createBackoff, delayAfter, parseRetryAfter } from '../src/tracker/backoff.js';
import { exitBytes } from '../src/tracker/bounds.js';
import { createDrops } from '../src/tracker/drops.js';
import { browserRandom, createUuid7 } from '../src/tracker/id.js';
import { createLease, createLock } from '../src/tracker/lock.js';
import { createQueue } from '../src/tracker/queue.js';
import { createSender } from '../src/tracker/sender.js';
import { createStore } from '../src/tracker/store.js';
import type { Answer } from '../src/tracker/transport.js';
import { createDisk } from './browser/web-storage.js';

const start = 1_795_406_270_273;

describe('back-off', () => {
  test('doubles up to five minutes, with full jitter', () => {
    expect([1, 2, 3, 8].map((failures) => delayAfter(failures, 0.999))).toEqual([1998, 3996, 7992, 255_744]);
    expect(delayAfter(50, 0.5)).toBe(150_000);
    expect(delayAfter(5, 0)).toBe(0);
  });

  test.each([
    ['0', 0],
    ['7', 7000],
    [' 120 ', 120_000],
    ['999999', 3_600_000],
    [new Date(Math.floor(start / 1000) * 1000 + 5000).toUTCString(), 5000 - (start % 1000)],
    [new Date(start - 60_000).toUTCString(), 0],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('Retry-After: %s', (header, ms) => {
    expect(parseRetryAfter(header, start)).toBe(ms);
  });

  test('is shared by all tabs and pages, and ends with a success', () => {
    const disk = createDisk();
    const open = () =>
      createBackoff(
        createStore(() => disk.storage, 'p.'),
        () => 0.5,
      );
    const [one, two] = [open(), open()];
    one.failed(start);
    expect(two.wait(start)).toBe(1000);
    expect(two.waitAsked(start)).toBe(0);
    two.failed(start + 1000);
    expect(one.wait(start + 1000)).toBe(2000);
    one.succeeded();
    expect(two.wait(start)).toBe(0);
  });

  test('never goes before Retry-After, and a clock that was wrong does not silence it for ever', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3600 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (seconds, random) => {
          const disk = createDisk();
          const backoff = createBackoff(
            createStore(() => disk.storage, 'p.'),
            () => random,
          );
          backoff.failed(start, String(seconds));
          expect(backoff.waitAsked(start)).toBeGreaterThanOrEqual(seconds * 1000);
          expect(backoff.wait(start)).toBeLessThanOrEqual(seconds * 1100 + 1);
          expect(backoff.wait(start - 100 * 3_600_000)).toBe(0);
        },
      ),
    );
  });

  test('what is stored broken counts as nothing', () => {
    for (const text of ['', 'x.y.z', '....', 'null']) {
      const disk = createDisk({ 'p.w': text });
      const backoff = createBackoff(
        createStore(() => disk.storage, 'p.'),
        () => 0.5,
      );
      expect(backoff.wait(start)).toBe(0);
      backoff.failed(start);
      expect(backoff.wait(start)).toBe(1000);
    }
  });
});

describe('the sender', () => {
  /** A page whose server answers as told, in turn; the last answer goes on. */
  function open({
    answers,
    disk = createDisk(),
  }: {
    answers: (number | Answer)[];
    disk?: ReturnType<typeof createDisk>;
  }) {
    const store = createStore(() => disk.storage, 'p.');
    const drops = createDrops(store);
    const newId = createUuid7(browserRandom);
    const queue = createQueue(store, drops, newId);
    const posts: { url: string; body: string; keepalive: boolean }[] = [];
    const beacons: string[] = [];
    const clock = { now: start };
    const browser = { canKeepAlive: true, takesBeacons: true, room: Number.POSITIVE_INFINITY };
    let seq = 0;
    const sender = createSender({
      queue,
      backoff: createBackoff(store, () => 0.5),
      lock: (work) => work(),
      transport: {
        post(url, body, keepalive = false) {
          posts.push({ url, body, keepalive });
          const next = answers.length > 1 ? answers.shift()! : answers[0]!;
          return { answer: Promise.resolve(typeof next === 'number' ? { status: next } : next), cancel: () => {} };
        },
        canKeepAlive: () => browser.canKeepAlive,
        beacon(_, body) {
          if (browser.takesBeacons) beacons.push(body);
          return browser.takesBeacons;
        },
      },
      address: ({ id }, now) => `${id}@${now}`,
      now: () => clock.now,
      answered: () => {},
    });
    return {
      sender,
      queue,
      drops,
      posts,
      beacons,
      clock,
      browser,
      ids: () => posts.map(({ url }) => url.split('@')[0]),
      add(count: number, chars = 20, stream = 't1') {
        for (let n = 0; n < count; n++)
          queue.append(stream, seq, clock.now, JSON.stringify({ seq: seq++, pad: 'x'.repeat(chars) }));
      },
      end: () => sender.stop(),
    };
  }

  test('sends all that waits, 50 events at a time, and forgets it after a 2xx', async () => {
    const page = open({ answers: [200] });
    page.add(120);
    await page.sender.flush();
    expect(page.posts.map(({ body }) => body.split('\n').length)).toEqual([50, 50, 20]);
    expect(page.queue.isEmpty()).toBe(true);
    page.end();
  });

  test.each([0, 408, 429, 500, 502, 503, 504])(
    'after %i the same batch goes again, under the same id, not before its time',
    async (status) => {
      const page = open({ answers: [status, 200] });
      page.add(3);
      await page.sender.flush();
      expect(page.posts).toHaveLength(1);
      await page.sender.flush();
      expect(page.posts).toHaveLength(1);
      page.add(2);
      page.clock.now += 1000;
      await page.sender.flush();
      expect(page.ids()[1]).toBe(page.ids()[0]);
      expect(page.posts[1]!.body).toBe(page.posts[0]!.body);
      expect(page.posts[2]!.body.split('\n')).toHaveLength(2);
      expect(page.queue.isEmpty()).toBe(true);
      page.end();
    },
  );

  test('keeps to Retry-After, on another page and on leaving too', async () => {
    const disk = createDisk();
    const page = open({ answers: [{ status: 429, retryAfter: '60' }, 200], disk });
    page.add(1);
    await page.sender.flush();
    const next = open({ answers: [200], disk });
    for (const seconds of [0, 30, 59]) {
      next.clock.now = start + seconds * 1000;
      await next.sender.flush();
      next.sender.exit('t1');
    }
    expect(next.posts).toHaveLength(0);
    next.clock.now = start + 67_000;
    await next.sender.flush();
    expect(next.posts).toHaveLength(1);
    page.end();
    next.end();
  });

  test.each([400, 401, 403, 404, 415, 422])(
    'after %i the batch is dropped, counted, and the next goes',
    async (status) => {
      const page = open({ answers: [status, 200] });
      page.add(51);
      await page.sender.flush();
      expect(page.posts).toHaveLength(2);
      expect(page.drops.pending()).toEqual({ refused: 50 });
      expect(page.queue.isEmpty()).toBe(true);
      page.end();
    },
  );

  test('413 splits, and costs only the one event that is too large by itself', async () => {
    const page = open({ answers: [413, 413, 413, 413, 200] });
    page.add(8);
    await page.sender.flush();
    expect(page.posts.map(({ body }) => body.split('\n').length)).toEqual([8, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(new Set(page.ids()).size).toBe(page.posts.length);
    expect(page.drops.pending()).toEqual({ too_large: 1 });
    page.end();
  });

  test('what is added while a request is under way goes with the next', async () => {
    const page = open({ answers: [200] });
    page.add(1);
    const flushed = page.sender.flush();
    page.add(1);
    await flushed;
    expect(page.queue.isEmpty()).toBe(true);
    page.end();
  });

  test('a leaving page hands over what fits into the shared 64 KiB, in small requests, and keeps it until the answer', async () => {
    const page = open({ answers: [200] });
    page.add(400, 200);
    page.sender.exit('t1');
    const bytes = page.posts.map(({ body }) => Buffer.byteLength(body));
    expect(page.posts.every(({ keepalive }) => keepalive)).toBe(true);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(16 * 1024);
    const sum = bytes.reduce((all, one) => all + one, 0);
    expect(sum).toBeLessThanOrEqual(exitBytes);
    expect(sum).toBeGreaterThan(exitBytes - 17 * 1024);
    expect(page.queue.isEmpty()).toBe(false);
    // A page that was only hidden gets the answers, and sends the rest without repeating anything.
    const handed = page.posts.length;
    await page.sender.flush();
    const seqs = page.posts.flatMap(({ body }) => body.split('\n').map((text) => JSON.parse(text).seq));
    expect(page.posts.length).toBeGreaterThan(handed);
    expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, index) => index));
    expect(page.queue.isEmpty()).toBe(true);
    page.end();
  });

  test('a leaving page hands over its own events only, each once, and counts bytes, not characters', () => {
    const page = open({ answers: [{ status: 0 }] });
    page.add(1, 20, 't2');
    page.add(2);
    page.sender.exit('t1');
    page.sender.exit('t1');
    expect(page.posts).toHaveLength(1);
    const wide = open({ answers: [200] });
    for (let seq = 0; seq < 100; seq++) wide.queue.append('t1', seq, start, JSON.stringify('書'.repeat(400)));
    wide.sender.exit('t1');
    const sum = wide.posts.reduce((all, { body }) => all + Buffer.byteLength(body), 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(exitBytes);
    page.end();
    wide.end();
  });

  test('a request that was under way when the page is left goes again, kept alive, under the same id', async () => {
    const page = open({ answers: [200] });
    page.add(1);
    page.queue.next(start);
    page.sender.stop();
    page.sender.exit('t1');
    page.sender.resume();
    await page.sender.flush();
    expect(new Set(page.ids()).size).toBe(1);
    page.end();
  });

  test('without keepalive it is a beacon, and the events stay for the next page', async () => {
    const page = open({ answers: [200] });
    page.browser.canKeepAlive = false;
    page.add(3);
    page.sender.exit('t1');
    expect(page.beacons).toHaveLength(1);
    expect(page.queue.isEmpty()).toBe(false);
    page.browser.takesBeacons = false;
    page.add(1);
    page.sender.exit('t1');
    expect(page.beacons).toHaveLength(1);
    await page.sender.flush();
    expect(page.queue.isEmpty()).toBe(true);
    page.end();
  });
});

describe('the lease, where there are no Web Locks', () => {
  const open = (disk: ReturnType<typeof createDisk>, me: string) =>
    createLease(
      createStore(() => disk.storage, 'p.'),
      me,
      () => Date.now(),
    );

  test('one at a time, each gets its turn', async () => {
    const disk = createDisk();
    let inside = 0;
    let most = 0;
    let done = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 50));
      inside--;
      done++;
    };
    // Through createLock, which finds no Web Locks in Node and falls back.
    await Promise.all(['a', 'b', 'c'].map((me) => createLock('p.', open(disk, me))(work)));
    expect(done).toBe(3);
    expect(most).toBe(1);
  });

  test('the lease of a tab that died ends, and work that throws gives it back', async () => {
    const disk = createDisk({ 'p.l': `dead.${Date.now() + 300}` });
    let ran = 0;
    const lease = open(disk, 'a');
    await expect(
      lease(async () => {
        ran++;
        throw new Error('broken');
      }),
    ).rejects.toThrow('broken');
    await lease(async () => {
      ran++;
    });
    expect(ran).toBe(2);
    expect(Object.keys(disk.storage)).toEqual([]);
  });

  test('who gives up while waiting does not work', async () => {
    const disk = createDisk({ 'p.l': `other.${Date.now() + 2000}` });
    const aborter = newAborter();
    let ran = false;
    const waiting = open(disk, 'a')(async () => {
      ran = true;
    }, aborter.signal);
    aborter.abort();
    await waiting;
    expect(ran).toBe(false);
  });
});
