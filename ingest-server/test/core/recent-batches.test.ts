import { describe, expect, test } from '@jest/globals';
import { createRecentBatches } from '../../src/core/repeats/recent-batches.js';

function setUp() {
  let now = 0;
  const clock = { monotonicMs: () => now };
  const recent = createRecentBatches<number>({
    clock,
    maxBatches: 3,
    maxAgeMs: 1_000,
    maxChars: 250,
    maxAnswerChars: 99,
    charsOf: (answer) => answer,
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
    expect(await recent.once('a', work(1), 'a')).toEqual({ answer: 1, isRepeat: false });
    expect(await recent.once('a', work(2), 'a')).toEqual({ answer: 1, isRepeat: true });
    expect(await recent.once('b', work(3), 'b')).toEqual({ answer: 3, isRepeat: false });
    expect(worked()).toBe(2);
  });

  test('while the first one is under way it waits for that answer', async () => {
    const { recent, work, worked } = setUp();
    const both = await Promise.all([recent.once('a', work(1), 'a'), recent.once('a', work(2), 'a')]);
    expect(both).toEqual([
      { answer: 1, isRepeat: false },
      { answer: 1, isRepeat: true },
    ]);
    expect(worked()).toBe(1);
  });

  test('what failed is not claimed: all who wait hear of it, and the next try is a first one', async () => {
    const { recent, work } = setUp();
    const fails = () => Promise.reject(new Error('not safe'));
    const tries = await Promise.allSettled([recent.once('a', fails, 'a'), recent.once('a', work(2), 'a')]);
    expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await recent.once('a', work(3), 'a')).toEqual({ answer: 3, isRepeat: false });
  });

  test('memory is bounded: by number, by age, and by the size of an answer', async () => {
    const { recent, work, pass } = setUp();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await recent.once(key, work(1), key);
    expect((await recent.once('a', work(2), 'a')).isRepeat).toBe(false);
    expect((await recent.once('e', work(2), 'e')).isRepeat).toBe(true);
    pass(1_001);
    expect((await recent.once('e', work(2), 'e')).isRepeat).toBe(false);
    await recent.once('large', work(100), 'large');
    expect((await recent.once('large', work(100), 'large')).isRepeat).toBe(false);
  });

  test('memory is bounded in characters: keys and names count from the beginning, answers when they are there', async () => {
    const { recent, work } = setUp();
    await recent.once('a', work(90), 'a');
    await recent.once('b', work(90), 'b');
    expect([await recent.knows('a'), await recent.knows('b')]).toEqual([true, true]);
    await recent.once('c', work(90), 'c');
    expect([await recent.knows('a'), await recent.knows('b'), await recent.knows('c')]).toEqual([false, true, true]);
    await recent.once('d', work(0), 'd'.repeat(150));
    expect([await recent.knows('b'), await recent.knows('c')]).toEqual([false, true]);
    // What is forgotten, for whatever reason, makes room again.
    for (let i = 0; i < 100; i++) {
      await recent.once('failed', () => Promise.reject(new Error('not safe')), 'f'.repeat(200)).catch(() => {});
      await recent.once('large', work(1_000), 'large');
    }
    await recent.once('g', work(90), 'g');
    await recent.once('h', work(90), 'h');
    expect([await recent.knows('g'), await recent.knows('h')]).toEqual([true, true]);
  });

  test('a name is known while its batch is, and who asks waits for one that is under way', async () => {
    const { recent, work, pass } = setUp();
    expect(await recent.knows('n')).toBe(false);
    let end = (_answer: number) => {};
    const underWay = recent.once('a', () => new Promise<number>((resolve) => (end = resolve)), 'n');
    const asked = recent.knows('n');
    end(1);
    expect(await asked).toBe(true);
    await underWay;
    const fails = () => Promise.reject(new Error('not safe'));
    const failed = recent.once('b', fails, 'm');
    expect(await recent.knows('m')).toBe(false);
    await expect(failed).rejects.toThrow('not safe');
    // Other lines under the same name: it is the later ones that are asked for.
    await recent.once('c', work(1), 'n');
    for (const key of ['d', 'e', 'f']) await recent.once(key, work(1), key);
    expect([await recent.knows('n'), await recent.knows('f')]).toEqual([false, true]);
    pass(1_001);
    expect(await recent.knows('f')).toBe(false);
  });
});
