import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDelivery } from '../../src/core/delivery/delivery.js';
import { evenRanges, middleOf } from '../../src/core/delivery/hash-ranges.js';
import { createLaneCount } from '../../src/core/delivery/lane-count.js';
import type { PackedRecord } from '../../src/core/delivery/sink.js';
import { createSpread } from '../../src/core/delivery/spread.js';
import { createFakeClock } from '../support/fake-clock.js';
import { createFaultySink } from '../support/faulty-sink.js';
import { createMemorySink } from '../support/memory-sink.js';
import { createMemorySpool } from '../support/memory-spool.js';

const throttled = { code: 'ProvisionedThroughputExceededException', message: 'Rate exceeded' };

/** A delivery over so many shards, whose records can be refused. */
function setUp(
  name: 'visitor' | 'even',
  shards: number,
  refuses: (record: PackedRecord) => boolean = () => false,
  rangesAreGuessed = false,
) {
  const clock = createFakeClock();
  const memory = createMemorySink(shards);
  const tried: PackedRecord[] = [];
  const sink = createFaultySink(memory, (records) => {
    tried.push(...records);
    return {
      wait: new Promise<void>((resolve) => void clock.after(10, resolve)),
      record: (record) => (refuses(record) ? throttled : undefined),
    };
  });
  const spool = createMemorySpool(clock);
  let random = 0;
  const delivery = createDelivery({
    sink,
    spool,
    clock,
    spread: createSpread(name, () => (random = (random + 0.377) % 1)),
    ranges: evenRanges(shards),
    rangesAreGuessed,
    lingerMs: 20,
    ackTimeoutMs: 2_000,
    maxQueuedBytes: 10_000_000,
  });
  let hash = 0;
  /** One request of so many bytes. */
  const send = (bytes: number) => {
    hash = (hash + 0x9e3779b1) % 2 ** 32;
    return delivery.deliver([{ hash, events: 1, data: Buffer.alloc(bytes, '\n') }]);
  };
  return { clock, memory, tried, spool, delivery, send };
}

describe('spread evenly', () => {
  test('each record goes to another shard: after as many records as there are shards each has one', async () => {
    const { clock, memory, send } = setUp('even', 30);
    for (let i = 0; i < 90; i++) {
      void send(1_000);
      await clock.pass(60);
    }
    await clock.run();
    const keys = memory.records.map(({ hashKey }) => hashKey);
    const all = new Set(evenRanges(30).map(middleOf));
    for (const round of [0, 1, 2]) expect(new Set(keys.slice(30 * round, 30 * round + 30))).toEqual(all);
    // A shuffle: not in the order of the shards.
    expect(keys.slice(0, 30)).not.toEqual(evenRanges(30).map(middleOf));
  });

  test.each([
    ['a third of the shards', 3],
    ['every second shard', 2],
  ])(
    'a record that a shard refuses goes to the next, and nobody waits for the spool (%s refuses all)',
    async (_, nth) => {
      const sick = new Set(
        evenRanges(30)
          .filter((_range, i) => i % nth === 0)
          .map(middleOf),
      );
      const { clock, memory, tried, spool, send } = setUp('even', 30, ({ hashKey }) => sick.has(hashKey));
      let spilled = 0;
      const append = spool.append.bind(spool);
      spool.append = (chunks, settled) => {
        spilled += chunks.length;
        append(chunks, settled);
      };
      let longestMs = 0;
      for (let i = 0; i < 300; i++) {
        const at = clock.monotonicMs();
        void send(1_000).then(() => (longestMs = Math.max(longestMs, clock.monotonicMs() - at)));
        await clock.pass(30);
      }
      await clock.run();
      expect(memory.records.reduce((sum, { events }) => sum + events, 0)).toBe(300);
      expect(tried.length).toBeGreaterThan(memory.records.length);
      expect(spilled).toBe(0);
      expect(longestMs).toBeLessThan(200);
    },
  );

  test('nothing waits for the shards to be known: a visitor belongs to none of them', async () => {
    const { clock, memory, spool, send } = setUp('even', 8, () => false, true);
    void send(1_000);
    await clock.run();
    expect(memory.records).toHaveLength(1);
    expect(spool.stats().events).toBe(0);
  });

  test('new shards are used at once, and those that are gone no more, without a wait for what is in flight', async () => {
    const { clock, tried, delivery, send } = setUp('even', 4);
    void send(30_000);
    await clock.pass(1);
    expect(tried).toHaveLength(1);
    delivery.useRanges(evenRanges(7));
    for (let i = 0; i < 14; i++) {
      void send(1_000);
      await clock.pass(60);
    }
    expect(new Set(tried.slice(1).map(({ hashKey }) => hashKey))).toEqual(new Set(evenRanges(7).map(middleOf)));
  });

  test('a server has as many lanes as its own rate fills, and changes them while it runs', async () => {
    const { clock, memory, delivery, send } = setUp('even', 50);
    const run = async (bytesPerSecond: number, seconds: number) => {
      for (let i = 0; i < seconds * 100; i++) {
        void send(bytesPerSecond / 100);
        await clock.pass(10);
      }
    };
    expect(delivery.status().lanes).toBe(1);
    await run(1_500_000, 22);
    expect(delivery.status().lanes).toBe(4);
    await run(100_000, 22);
    expect(delivery.status().lanes).toBe(1);
    await clock.run();
    expect(memory.records.reduce((sum, { events }) => sum + events, 0)).toBe(4_400);
  });
});

test('the number of lanes changes only when it is a quarter off, and never more often than every ten seconds', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ bytesPerSecond: fc.integer({ min: 0, max: 5_000_000 }), seconds: fc.integer({ min: 1, max: 40 }) }),
        {
          minLength: 1,
          maxLength: 10,
        },
      ),
      (phases) => {
        const count = createLaneCount();
        let now = 0;
        let present = count.wanted(0);
        let changedAt = -Infinity;
        for (const { bytesPerSecond, seconds } of phases) {
          for (let i = 0; i < seconds * 10; i++) {
            now += 100;
            count.took(bytesPerSecond / 10, now);
            const wanted = count.wanted(present);
            if (wanted === present) continue;
            expect(now - changedAt).toBeGreaterThanOrEqual(10_000);
            expect(wanted).toBeGreaterThanOrEqual(1);
            changedAt = now;
            present = wanted;
          }
          // Long enough for two windows: the lanes fit the rate.
          if (seconds < 22) continue;
          const ideal = Math.max(1, bytesPerSecond / 342_857);
          expect(Math.abs(ideal - present)).toBeLessThanOrEqual(Math.max(0.5, 0.25 * present) + 0.1);
        }
      },
    ),
  );
});

test('spread by visitor, a lane keeps to its shard, also when the shard refuses', async () => {
  const refused = middleOf(evenRanges(4)[1]!);
  let refuses = true;
  const { clock, memory, tried, send } = setUp('visitor', 4, ({ hashKey }) => refuses && hashKey === refused);
  for (let i = 0; i < 40; i++) {
    void send(1_000);
    await clock.pass(30);
  }
  refuses = false;
  await clock.run();
  const keysOf = new Map<string, Set<string>>();
  for (const { partitionKey, hashKey } of tried) {
    keysOf.set(partitionKey, (keysOf.get(partitionKey) ?? new Set()).add(hashKey));
  }
  expect([...keysOf.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1]);
  expect(memory.records.reduce((sum, { events }) => sum + events, 0)).toBe(40);
});
