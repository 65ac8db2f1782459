import { describe, expect, test } from '@jest/globals';
import { createRandom } from '@millrace/kit/seeded-random';
import { createDelivery } from '../../src/core/delivery/delivery.js';
import { evenRanges } from '../../src/core/delivery/hash-ranges.js';
import { createArrivals } from '../../src/simulation/arrivals.js';
import { createAudit } from '../../src/simulation/audit.js';
import { badDays } from '../../src/simulation/bad-days.js';
import { createParcel } from '../../src/simulation/parcel.js';
import { simulateFleet } from '../../src/simulation/simulate-fleet.js';
import { type ServerSimulation, simulateServer } from '../../src/simulation/simulate-server.js';
import { serverDefaults } from '../../src/simulation/simulated-server.js';
import { createVisitors } from '../../src/simulation/visitors.js';
import { createFakeClock } from '../support/fake-clock.js';
import { createMemorySink } from '../support/memory-sink.js';
import { createMemorySpool } from '../support/memory-spool.js';

const spreads = ['visitor', 'even'] as const;

describe.each(spreads)('a small fleet with spread %s', (spread) => {
  const days = badDays({
    fleet: {
      servers: 3,
      shards: 2,
      settings: { ...serverDefaults, spread, lingerMs: 50, spoolMaxBytes: 500_000 },
      // Shards 60 % full, by few visitors: each is often on several ways at once.
      traffic: [{ eventsPerSecond: 2_000, eventsPerRequest: { least: 1, most: 10 } }],
      eventBytes: 600,
      visitors: 200,
      zipf: 0.5,
      connectionMs: 0,
      depthSeconds: 1,
      lostAnswers: 0.05,
      shardShare: 1,
      warmUpMs: 500,
      seed: 'small',
    },
    troubleMs: 1_000,
    settlingMs: 60_000,
  });

  test.each(days)(
    'loses no acknowledged event and keeps the order within a server when this happens: $name',
    async ({ options }) => {
      const { audit, acknowledgedMs } = await simulateFleet(options);
      expect(audit).toMatchObject({ lost: 0, outOfOrder: 0, inSpools: 0 });
      expect(audit.repeated).toBeGreaterThan(0);
      expect(audit.acknowledged).toBeGreaterThan(5_000);
      expect(acknowledgedMs.p99).toBeLessThan(2_100);
    },
  );
});

test('an audit sees what is lost, what comes twice and what overtakes', () => {
  const audit = createAudit();
  const parcels = Array.from({ length: 6 }, (_, sequence) =>
    createParcel({ server: sequence % 2, visitor: 7, sequence, hash: 1, events: 10 ** sequence }, 100),
  );
  for (const parcel of parcels) audit.acknowledged(parcel);
  for (const sequence of [2, 0, 2, 1, 3]) audit.taken(parcels[sequence]!);
  expect(audit.result([parcels[4]!])).toEqual({
    acknowledged: 111_111,
    inStream: 1_111,
    repeated: 100,
    inSpools: 10_000,
    lost: 100_000,
    outOfOrder: 1,
  });
});

const server: ServerSimulation = {
  spread: 'visitor',
  shards: 4,
  eventsPerSecond: 2_500,
  eventsPerRequest: { least: 1, most: 10 },
  eventBytes: 600,
  lingerMs: 50,
  seconds: 3,
  seed: 'a',
};

describe('simulateServer', () => {
  /** The delivery by the clock and the sink of the other tests, and its records counted here. */
  async function countDirectly({ shards, eventsPerSecond, eventsPerRequest, lingerMs, seconds }: ServerSimulation) {
    const clock = createFakeClock();
    const random = createRandom('direct');
    const sink = createMemorySink(shards);
    const sizes: number[] = [];
    const delivery = createDelivery({
      ...serverDefaults,
      lingerMs,
      clock,
      ranges: evenRanges(shards),
      spool: createMemorySpool(clock),
      sink: {
        ...sink,
        async put(records) {
          sizes.push(...records.map(({ events }) => events));
          await clock.sleep(8 - 8 * Math.log(1 - random.unit()));
          return records.map(() => undefined);
        },
      },
    });
    const visitors = createVisitors(10_000, 0, random);
    const arrivals = createArrivals({ eventsPerSecond, eventsPerRequest }, random, visitors.pick);
    for (let ms = 1; ms <= seconds * 1_000; ms++) {
      arrivals.upTo(ms, ({ visitor, events }) => {
        void delivery.deliver([{ hash: visitors.hashOf(visitor), events, data: Buffer.alloc(601 * events) }]);
      });
      await clock.pass(1);
    }
    return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  }

  test.each([
    ['a few full lanes', { shards: 4, eventsPerSecond: 2_500, seconds: 8 }],
    ['many quiet lanes', { shards: 40, eventsPerSecond: 1_000, seconds: 8 }],
    ['one lane', { shards: 1, eventsPerSecond: 500, seconds: 20 }],
  ])('finds as many events in a record as a direct count: %s', async (_, some) => {
    const options = { ...server, ...some };
    const { eventsPerRecord, meanRecordBytes } = await simulateServer(options);
    // Other requests, of the same kind.
    expect(Math.abs(eventsPerRecord / (await countDirectly(options)) - 1)).toBeLessThan(0.05);
    // The rows of the ledger come on top.
    expect(meanRecordBytes / (eventsPerRecord * 601)).toBeGreaterThan(1);
    expect(meanRecordBytes / (eventsPerRecord * 601)).toBeLessThan(1.1);
  });

  test('gives the same figures for the same seed, and others for another', async () => {
    const [first, again, other] = await Promise.all([
      simulateServer(server),
      simulateServer(server),
      simulateServer({ ...server, seed: 'b' }),
    ]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test.each([
    ['a request of one event', { eventsPerRequest: { least: 1, most: 1 } }],
    ['large events, each a chunk', { eventBytes: 16_000, eventsPerSecond: 50 }],
    ['as many shards as a million events a second need', { shards: 1_718, seconds: 1 }],
  ])('puts what came: %s', async (_, some) => {
    const options = { ...server, ...some };
    const { recordsPerSecond, eventsPerRecord, payloadUnitsPerSecond, ...rest } = await simulateServer(options);
    expect((recordsPerSecond * eventsPerRecord) / options.eventsPerSecond).toBeGreaterThan(0.8);
    expect((recordsPerSecond * eventsPerRecord) / options.eventsPerSecond).toBeLessThan(1.2);
    expect(payloadUnitsPerSecond).toBeGreaterThanOrEqual(recordsPerSecond);
    expect(rest.firehoseBilledBytesPerSecond).toBeGreaterThan(recordsPerSecond * rest.meanRecordBytes);
  });
});
