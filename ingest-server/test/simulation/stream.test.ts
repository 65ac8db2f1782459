import { describe, expect, test } from '@jest/globals';
import { createRandom } from '@millrace/kit/seeded-random';
import { evenRanges, middleOf } from '../../src/core/delivery/hash-ranges.js';
import type { PackedRecord } from '../../src/core/delivery/sink.js';
import { createSimulatedStream } from '../../src/simulation/simulated-stream.js';
import { createVirtualClock } from '../../src/simulation/virtual-clock.js';

const recordFor = (hashKey: string, bytes: number): PackedRecord => ({
  partitionKey: '',
  hashKey,
  chunks: [],
  bytes,
  events: 1,
});

function openStream(
  options: { shards?: number; depthSeconds?: number; shardShare?: number; lostAnswers?: number } = {},
) {
  const clock = createVirtualClock();
  const { shards = 1, depthSeconds = 1, shardShare = 1, lostAnswers = 0 } = options;
  const taken: PackedRecord[] = [];
  const refused: PackedRecord[] = [];
  const stream = createSimulatedStream({
    clock,
    random: createRandom('stream'),
    shards,
    depthSeconds,
    shardShare,
    lostAnswers,
    taken: (record) => taken.push(record),
    refused: (record) => refused.push(record),
  });
  const keys = evenRanges(shards).map(middleOf);
  /** Offers so many records each 100 ms. */
  async function offer(seconds: number, eachTime: number, bytes: number) {
    const from = clock.monotonicMs();
    for (let part = 1; part <= seconds * 10; part++) {
      const records = Array.from({ length: eachTime }, () => recordFor(keys[0]!, bytes));
      stream.sink.put(records).catch(() => {});
      await clock.runTo(from + part * 100);
    }
    await clock.runTo(clock.monotonicMs() + 1_000);
  }
  return { clock, stream, keys, taken, refused, offer };
}

describe('a simulated shard', () => {
  test.each([
    ['1 MB a second', 20, 10_000, {}, 100 + 10 * 100],
    ['1 MB a second, with a bucket of a quarter of that', 20, 10_000, { depthSeconds: 0.25 }, 25 + 10 * 100],
    ['1,000 records a second', 150, 100, {}, 1_000 + 10 * 1_000],
    ['a tenth, where the rest belongs to others', 150, 100, { shardShare: 0.1 }, 100 + 10 * 100],
    ['all that is below', 9, 10_000, {}, 10 * 10 * 9],
  ])('takes %s, after what its bucket held', async (_, eachTime, bytes, options, records) => {
    const { taken, refused, offer } = openStream(options);
    await offer(10, eachTime, bytes);
    expect(taken.length).toBeGreaterThanOrEqual(records * 0.97);
    expect(taken.length).toBeLessThanOrEqual(records);
    expect(taken.length + refused.length).toBe(10 * 10 * eachTime);
  });

  test.each([0.1, 0.5])('that is slowed to %d takes that share, and all again afterwards', async (share) => {
    const { stream, taken, offer } = openStream();
    await offer(5, 30, 10_000);
    stream.shards[0]!.slowTo(share);
    taken.length = 0;
    await offer(10, 30, 10_000);
    expect(taken.length / 1_000).toBeCloseTo(share, 1);
    stream.shards[0]!.slowTo(1);
    taken.length = 0;
    await offer(10, 30, 10_000);
    expect(taken.length).toBeGreaterThan(950);
  });

  test('gets the records whose hash key lies in its range', async () => {
    const { clock, stream, keys } = openStream({ shards: 3 });
    const [first, second, third] = [0n, 2n ** 127n, 2n ** 128n - 1n].map(String);
    const records = [keys[0], first, keys[1], second, third].map((key, n) => recordFor(key!, 10 ** n));
    void stream.sink.put(records);
    await clock.runTo(1_000);
    expect(stream.shards.map(({ bytesTaken }) => bytesTaken)).toEqual([11, 1_100, 10_000]);
  });
});

describe('a simulated outage', () => {
  test('fails each call, and takes half of those that were under way when it began', async () => {
    const { clock, stream, keys, taken } = openStream({ shards: 1 });
    const failures: string[] = [];
    const put = (times: number) => {
      for (let i = 0; i < times; i++) {
        stream.sink.put([recordFor(keys[0]!, 1)]).catch(({ kind }) => failures.push(kind));
      }
    };
    put(400);
    stream.setOut(true);
    put(100);
    await clock.runTo(1_000);
    expect(new Set(failures)).toEqual(new Set(['unreachable']));
    expect(failures).toHaveLength(500);
    expect(taken.length).toBeGreaterThan(150);
    expect(taken.length).toBeLessThan(250);
    stream.setOut(false);
    taken.length = 0;
    put(10);
    await clock.runTo(2_000);
    expect(taken).toHaveLength(10);
  });

  test('of single answers leaves the records in the stream', async () => {
    const { taken, offer } = openStream({ lostAnswers: 1 });
    await offer(1, 3, 1);
    expect(taken).toHaveLength(30);
  });
});
