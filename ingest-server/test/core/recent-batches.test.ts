import { describe, expect, test } from '@jest/globals';
import { createRecentBatches } from '../../src/core/recent-batches.js';

function setUp() {
  let now = 0;
  const clock = { now: () => now, after: () => () => {} };
  const recent = createRecentBatches<number>({
    clock,
    maxBatches: 3,
    maxAgeMs: 1_000,
    isSmall: (answer) => answer < 100,
  });
  let worked = 0;
  const work = (answer: number) => async () => {
    worked += 1;
    return answer;
  };
  return { recent, work, worked: () => worked, pass: (ms: number) => (now += ms) };
}

describe('effectively once: a batch that comes again is not stored again', () => {
  test('it gets the answer that the first one got', async () => {
    const { recent, work, worked } = setUp();
    expect(await recent.once('a', work(1))).toEqual({ answer: 1, isRepeat: false });
    expect(await recent.once('a', work(2))).toEqual({ answer: 1, isRepeat: true });
    expect(await recent.once('b', work(3))).toEqual({ answer: 3, isRepeat: false });
    expect(worked()).toBe(2);
  });

  test('while the first one is under way it waits for that answer', async () => {
    const { recent, work, worked } = setUp();
    const both = await Promise.all([recent.once('a', work(1)), recent.once('a', work(2))]);
    expect(both).toEqual([
      { answer: 1, isRepeat: false },
      { answer: 1, isRepeat: true },
    ]);
    expect(worked()).toBe(1);
  });

  test('what failed is not claimed: all who wait hear of it, and the next try is a first one', async () => {
    const { recent, work } = setUp();
    const fails = () => Promise.reject(new Error('not safe'));
    const tries = await Promise.allSettled([recent.once('a', fails), recent.once('a', work(2))]);
    expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await recent.once('a', work(3))).toEqual({ answer: 3, isRepeat: false });
  });

  test('memory is bounded: by number, by age, and by the size of an answer', async () => {
    const { recent, work, pass } = setUp();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await recent.once(key, work(1));
    expect((await recent.once('a', work(2))).isRepeat).toBe(false);
    expect((await recent.once('e', work(2))).isRepeat).toBe(true);
    pass(1_001);
    expect((await recent.once('e', work(2))).isRepeat).toBe(false);
    await recent.once('large', work(100));
    expect((await recent.once('large', work(100))).isRepeat).toBe(false);
  });
});
