import { describe, expect, test } from '@jest/globals';
import { checkOf, type LedgerRow, ledgerPage, readLedger } from '@millrace/sdk/schema';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { type Chunk, recordLimits } from '../../src/core/chunk.js';
import { billed } from '../../src/core/delivery/cost.js';
import { createDelivery, type DeliveryOptions } from '../../src/core/delivery/delivery.js';
import { evenRanges, middleOf } from '../../src/core/delivery/hash-ranges.js';
import { createLedger } from '../../src/core/delivery/ledger.js';
import { NotSafeError } from '../../src/core/delivery/not-safe-error.js';
import { type PackedRecord, type Sink, SinkError } from '../../src/core/delivery/sink.js';
import type { Spool } from '../../src/core/delivery/spool.js';
import { createSpread } from '../../src/core/delivery/spread.js';
import { hashOf, laneOf } from '../../src/core/hash.js';
import { createChunker } from '../../src/core/intake/chunker.js';
import { eventsIn, linesIn } from '../support/events.js';
import { createFakeClock, type FakeClock } from '../support/fake-clock.js';
import { createFaultySink, type Fault } from '../support/faulty-sink.js';
import { createMemorySink, dataOf } from '../support/memory-sink.js';
import { createMemorySpool } from '../support/memory-spool.js';

const throttled = { code: 'ProvisionedThroughputExceededException', message: 'Rate exceeded' };
const unreachable = () => new SinkError('unreachable', 'ECONNREFUSED', 'refused');
const misconfigured = () => new SinkError('misconfigured', 'ResourceNotFoundException', 'no such stream');

interface Sent {
  id: string;
  visitor: string;
}

/** An id for the ledger. */
const uuidOf = (id: string) => `01900000-0000-7000-8000-${(Number(id.slice(1)) || 0).toString(16).padStart(12, '0')}`;

function chunksOf(events: readonly Sent[], padding = 0): Chunk[] {
  const chunker = createChunker();
  for (const event of events) {
    const identity = { stream_id: event.visitor, seq: Number(event.id.slice(1)) || 0, event_id: uuidOf(event.id) };
    chunker.add(hashOf(event.visitor), JSON.stringify({ ...event, p: 'x'.repeat(padding) }), identity);
  }
  return chunker.finish();
}

/** Looks at every call: no lane may have two records in flight, no record may be too large. */
function createWitness(behind: Sink, clock: FakeClock) {
  const inFlight = new Set<string>();
  const calls: { at: number; records: PackedRecord[] }[] = [];
  const broken: string[] = [];
  const sink: Sink = {
    ...behind,
    async put(records) {
      calls.push({ at: clock.monotonicMs(), records: [...records] });
      if (records.length > 500) broken.push(`${records.length} records in a call`);
      for (const record of records) {
        const { partitionKey, bytes, events } = record;
        const data = dataOf(record);
        if (inFlight.has(partitionKey)) broken.push(`two records in flight for ${partitionKey}`);
        inFlight.add(partitionKey);
        if (bytes > recordLimits.bytes || events > recordLimits.events) broken.push(`${events} events, ${bytes} bytes`);
        if (data.length !== bytes) broken.push('a wrong count of bytes');
        if (eventsIn([{ data }]).length !== events) broken.push('a wrong count of events');
      }
      try {
        return await behind.put(records);
      } finally {
        for (const { partitionKey } of records) inFlight.delete(partitionKey);
      }
    },
  };
  return { sink, calls, broken };
}

function setUp(
  options: Partial<DeliveryOptions> & {
    fault?: (records: readonly PackedRecord[]) => Fault | undefined;
    lanes?: number;
    refuses?: () => boolean;
    syncMs?: number;
  } = {},
) {
  const clock = createFakeClock();
  const memory = createMemorySink(options.lanes ?? 4);
  const network = createFaultySink(memory, (records) => {
    const fault = options.fault?.(records);
    return { ...fault, wait: fault?.wait ?? new Promise<void>((resolve) => void clock.after(10, resolve)) };
  });
  const witness = createWitness(network, clock);
  const spool = createMemorySpool(clock, { syncMs: options.syncMs ?? 3, refuses: options.refuses ?? (() => false) });
  const make = () =>
    createDelivery({
      sink: witness.sink,
      spool,
      clock,
      ranges: evenRanges(options.lanes ?? 4),
      lingerMs: 20,
      ackTimeoutMs: 2_000,
      maxQueuedBytes: 10_000_000,
      random: () => 0.5,
      ...options,
    });
  return { clock, memory, witness, spool, make, delivery: make() };
}

const someFault = fc.oneof(
  { weight: 4, arbitrary: fc.constant('none' as const) },
  { weight: 3, arbitrary: fc.record({ records: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.constantFrom('unreachable' as const, 'misconfigured' as const, 'throttled' as const) },
  { weight: 1, arbitrary: fc.record({ hangsMs: fc.integer({ min: 100, max: 6_000 }) }) },
);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      batch: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 40 }),
      padding: fc.constantFrom(0, 2_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ passMs: fc.integer({ min: 1, max: 3_000 }) }) },
  { weight: 1, arbitrary: fc.record({ lanes: fc.integer({ min: 1, max: 6 }) }) },
);

test('while the shards are a guess nothing is put: the spool takes the events, and they go in order once the shards are known', async () => {
  const { clock, memory, witness, delivery } = setUp({ ranges: evenRanges(4), lanes: 8, rangesAreGuessed: true });
  const first = delivery.deliver(chunksOf([{ id: 'a', visitor: 'v' }]));
  await clock.pass(10_000);
  await first;
  const second = delivery.deliver(chunksOf([{ id: 'b', visitor: 'v' }]));
  await clock.pass(10_000);
  await second;
  expect(witness.calls).toEqual([]);
  delivery.useRanges(evenRanges(8));
  await clock.pass(10_000);
  expect(eventsIn(memory.records).map(({ id }) => id)).toEqual(['a', 'b']);
  expect(new Set(memory.records.map(({ hashKey }) => hashKey)).size).toBe(1);
});

test('while it waits for what was left open nothing is put; then what the stream had already is not put again, and the rest goes in order', async () => {
  const { clock, memory, witness, spool, make } = setUp({ waits: true });
  for (const id of ['a', 'b', 'c']) {
    spool.append(chunksOf([{ id, visitor: 'v' }]), () => {});
    await clock.pass(10);
  }
  const delivery = make();
  const arrived = delivery.deliver(chunksOf([{ id: 'd', visitor: 'v' }]));
  await clock.pass(10_000);
  await arrived;
  expect(witness.calls).toEqual([]);
  const { found } = await spoolContents(spool, clock);
  expect(found).toHaveLength(4);
  // The second of an earlier process, and one that its sender sent again since.
  delivery.begin([found[1]!, found[3]!]);
  await clock.pass(10_000);
  expect(eventsIn(memory.records).map(({ id }) => id)).toEqual(['a', 'c']);
  const { recovered, delivered, inSpool, inFlight } = delivery.balance();
  expect({ recovered, delivered, inSpool, inFlight }).toEqual({ recovered: 3, delivered: 4, inSpool: 0, inFlight: 0 });
  // Nothing of it is left behind: the next event need not go by the spool.
  const next = delivery.deliver(chunksOf([{ id: 'e', visitor: 'v' }]));
  await clock.pass(100);
  await next;
  expect(spool.stats().chunks).toBe(0);
  expect(eventsIn(memory.records).at(-1)!.id).toBe('e');
});

test('a chunk that the stream takes after its request was refused is told, for it will come again', async () => {
  const kept: string[] = [];
  let answer = () => {};
  const { clock, memory, delivery } = setUp({
    refuses: () => true,
    fault: () => ({ wait: new Promise<void>((resolve) => (answer = resolve)) }),
    hooks: { keptThoughRefused: ({ data }) => kept.push(data.toString()) },
  });
  const refused = expect(delivery.deliver(chunksOf([{ id: 'a', visitor: 'v' }]))).rejects.toThrow(NotSafeError);
  await clock.pass(5_000);
  await refused;
  expect(kept).toEqual([]);
  answer();
  await clock.pass(10);
  expect(eventsIn(memory.records).map(({ id }) => id)).toEqual(['a']);
  expect(kept).toEqual([expect.stringContaining('"a"')]);
});

test.each([
  ['before the refusal', 100, 4_000],
  ['after it', 6_000, 0],
])(
  'of a request that was refused in part, the part that the stream took %s is told once',
  async (_, answersMs, hangsMs) => {
    const kept: string[] = [];
    const { clock, memory, delivery } = setUp({
      lanes: 2,
      refuses: () => true,
      fault: ([record]) => ({
        wait: new Promise<void>(
          (resolve) => void clock.after(record!.hashKey === hashKeyOf('v') ? answersMs : hangsMs, resolve),
        ),
        record: ({ hashKey }) => (hashKey === hashKeyOf('v') ? undefined : throttled),
      }),
      hooks: { keptThoughRefused: ({ data }) => kept.push(data.toString()) },
    });
    const hashKeyOf = (visitor: string) => middleOf(evenRanges(2)[laneOf(hashOf(visitor), 2)]!);
    const other = Array.from({ length: 9 }, (__, i) => `w${i}`).find(
      (visitor) => hashKeyOf(visitor) !== hashKeyOf('v'),
    )!;
    const refused = expect(
      delivery.deliver(
        chunksOf([
          { id: 'a', visitor: 'v' },
          { id: 'b', visitor: other },
        ]),
      ),
    ).rejects.toThrow(NotSafeError);
    await clock.pass(20_000);
    await refused;
    expect(eventsIn(memory.records).map(({ id }) => id)).toEqual(['a']);
    expect(kept).toEqual([expect.stringContaining('"a"')]);
  },
);

/** The ledger names what arrived and nothing else, by place and id, and no row is missing between two others. */
function checkLedger(lines: readonly Record<string, unknown>[], sent: readonly Sent[], arrived: ReadonlySet<string>) {
  const rows = lines.filter(({ page }) => page === ledgerPage) as unknown as LedgerRow[];
  const named = new Set<string>();
  const numbers = new Map<string, Set<number>>();
  for (const { server, server_row, acknowledged } of rows) {
    numbers.set(server, (numbers.get(server) ?? new Set()).add(server_row));
    for (const { streamId, seq, check } of readLedger(acknowledged)!) named.add(`${streamId} ${seq} ${check}`);
  }
  const expected = sent
    .filter(({ id }) => arrived.has(id))
    .map(({ id, visitor }) => `${visitor} ${Number(id.slice(1))} ${checkOf(uuidOf(id))}`);
  expect(expected.filter((one) => !named.has(one))).toEqual([]);
  expect(named.size).toBe(expected.length);
  for (const [server, found] of numbers) expect([server, Math.max(...found)]).toEqual([server, found.size - 1]);
}

async function spoolContents(spool: Spool, clock: FakeClock) {
  const reading = spool.next({ after: 0, wanted: () => true, maxEvents: 99, maxBytes: 1e6 });
  await clock.pass(10);
  return reading;
}

describe('the delivery, whatever the stream does', () => {
  test.each([
    ['spread by visitor, with a spool that works', 'visitor', false],
    ['spread by visitor, with a spool that is full at times', 'visitor', true],
    ['spread evenly, with a spool that works', 'even', false],
    ['spread evenly, with a spool that is full at times', 'even', true],
  ] as const)(
    `nothing acknowledged is lost, nothing is sent again that the stream confirmed, and visitors keep their order (%s)${leavesOut('60 of 3,000 runs')}`,
    async (_, spread, fullAtTimes) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
          fc.array(someFault, { maxLength: 30, size: 'max' }),
          fc.array(fc.boolean(), { maxLength: 12 }),
          fc.constantFrom(3, 400),
          fc.constantFrom(20_000, 10_000_000),
          async (steps, faults, refusals, syncMs, maxQueuedBytes) => {
            const pending = [...faults];
            const refusing = [...refusals];
            const ledger = createLedger('run', () => 1_795_406_270_273);
            let lanes = 4;
            const { clock, memory, witness, spool, delivery } = setUp({
              ...(spread === 'even' ? { spread: { ...createSpread('even', () => 0.5), lanes: () => lanes } } : {}),
              ledger,
              syncMs,
              maxQueuedBytes,
              refuses: () => fullAtTimes && refusing.shift() === true,
              fault() {
                const fault = pending.shift() ?? 'none';
                if (fault === 'none') return undefined;
                if (fault === 'unreachable') return { error: unreachable() };
                if (fault === 'misconfigured') return { error: misconfigured() };
                if (fault === 'throttled')
                  return { error: new SinkError('throttled', throttled.code, throttled.message) };
                if ('hangsMs' in fault)
                  return { wait: new Promise<void>((resolve) => void clock.after(fault.hangsMs, resolve)) };
                return { record: (_record, i) => (fault.records[i % fault.records.length] ? throttled : undefined) };
              },
            });
            let number = 0;
            const acknowledged = new Set<string>();
            const refused = new Set<string>();
            const sent: Sent[] = [];
            // At every moment each event that must not be lost is in exactly one place.
            const wrongSums: string[] = [];
            const addUp = () => {
              const { recovered, unacknowledged, delivered, inSpool, inFlight, setAside } = delivery.balance();
              const kept = acknowledged.size + recovered + unacknowledged;
              const places = delivered + inSpool + inFlight + setAside;
              if (kept !== places || Math.min(inSpool, inFlight, unacknowledged) < 0)
                wrongSums.push(`${acknowledged.size} acknowledged: ${JSON.stringify(delivery.balance())}`);
            };
            for (const one of steps) {
              addUp();
              if ('passMs' in one) {
                for (let part = 0; part < 4; part++) {
                  await clock.pass(one.passMs / 4);
                  addUp();
                }
              } else if ('lanes' in one) {
                lanes = one.lanes;
                delivery.useRanges(evenRanges(spread === 'even' ? 7 - one.lanes : one.lanes));
              } else {
                const events = one.batch.map((visitor) => ({ id: `e${number++}`, visitor: `v${visitor}` }));
                sent.push(...events);
                void delivery.deliver(chunksOf(events, one.padding)).then(
                  () => {
                    for (const { id } of events) acknowledged.add(id);
                  },
                  (error) => {
                    expect(error).toBeInstanceOf(NotSafeError);
                    for (const { id } of events) refused.add(id);
                  },
                );
              }
            }
            await clock.run();
            // The next row fills the gaps that refused ones left.
            refusing.length = 0;
            pending.length = 0;
            const lastEvent = { id: `e${number++}`, visitor: 'v0' };
            sent.push(lastEvent);
            void delivery.deliver(chunksOf([lastEvent])).then(() => acknowledged.add(lastEvent.id));
            await clock.run();

            addUp();
            expect(wrongSums).toEqual([]);
            expect(witness.broken).toEqual([]);
            // Every request was answered, and without a full spool all were accepted.
            expect(acknowledged.size + refused.size).toBe(sent.length);
            if (!fullAtTimes) expect(refused.size).toBe(0);
            expect(spool.stats().events).toBe(0);
            const arrived = eventsIn(memory.records).map(({ id }) => id as string);
            expect(new Set(arrived).size).toBe(arrived.length);
            const arrivedIds = new Set(arrived);
            expect([...acknowledged].filter((id) => !arrivedIds.has(id))).toEqual([]);
            checkLedger(linesIn(memory.records), sent, arrivedIds);
            for (const visitor of new Set(sent.map((event) => event.visitor))) {
              const order = sent
                .filter((event) => event.visitor === visitor && arrivedIds.has(event.id))
                .map(({ id }) => id);
              const mine = new Set(order);
              expect(arrived.filter((id) => mine.has(id))).toEqual(order);
            }
          },
        ),
        {
          numRuns: inForm(60, 3_000),
          // Found once: what was refused while in flight was spooled again, behind what came after it.
          examples: [
            [
              [
                { batch: [0], padding: 0 },
                { passMs: 11 },
                { batch: [5], padding: 0 },
                { batch: [0, 0, 0, 0, 0, 0, 5, 0, 0, 0], padding: 2_000 },
                { passMs: 2_000 },
                { batch: [5, 0], padding: 0 },
              ],
              ['none', { hangsMs: 2_780 }],
              [false, true],
              400,
              20_000,
            ],
          ],
        },
      );
    },
  );

  test(`an answer that is lost on the way costs a repetition, never an event or the order${leavesOut('20 of 50 runs')}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), async (lost) => {
        const pending = [...lost];
        const { clock, memory, delivery } = setUp({
          fault: () => (pending.shift() ? { errorAfterPut: unreachable() } : undefined),
        });
        const sent: Sent[] = [];
        for (let i = 0; i < 30; i++) {
          const event = { id: `e${i}`, visitor: `v${i % 3}` };
          sent.push(event);
          void delivery.deliver(chunksOf([event]));
          await clock.pass(15);
        }
        await clock.run();
        const first = [...new Set(eventsIn(memory.records).map(({ id }) => id))];
        for (const visitor of ['v0', 'v1', 'v2']) {
          const order = sent.filter((event) => event.visitor === visitor).map(({ id }) => id);
          expect(first.filter((id) => order.includes(id as string))).toEqual(order);
        }
      }),
      { numRuns: inForm(20, 50) },
    );
  });

  test('a request is answered by the spool after the acknowledgement timeout, and the answer in flight spares the repetition', async () => {
    let release = () => {};
    const { clock, memory, witness, delivery } = setUp({
      fault: () =>
        witness.calls.length === 1 ? { wait: new Promise<void>((resolve) => (release = resolve)) } : undefined,
    });
    let answeredAt: number | undefined;
    void delivery.deliver(chunksOf([{ id: 'a', visitor: 'v' }])).then(() => (answeredAt = clock.monotonicMs()));
    await clock.run();
    expect(answeredAt).toBeGreaterThanOrEqual(2_000);
    expect(answeredAt).toBeLessThan(2_100);
    expect(memory.records).toHaveLength(0);
    release();
    await clock.run();
    expect(eventsIn(memory.records).map(({ id }) => id)).toEqual(['a']);
    expect(witness.calls).toHaveLength(1);
  });

  test('a stream that does not exist does not keep a request waiting: the spool answers at once', async () => {
    const { clock, delivery } = setUp({ fault: () => ({ error: misconfigured() }) });
    let answeredAt: number | undefined;
    void delivery.deliver(chunksOf([{ id: 'a', visitor: 'v' }])).then(() => (answeredAt = clock.monotonicMs()));
    await clock.run(() => answeredAt !== undefined);
    expect(answeredAt).toBeLessThan(100);
    expect(delivery.status().kinesis).toMatchObject({ state: 'down', code: 'ResourceNotFoundException' });
  });

  test('one throttled shard does not slow the others', async () => {
    const visitors = Array.from({ length: 40 }, (_, i) => `v${i}`);
    const isSlow = (visitor: string) => laneOf(hashOf(visitor), 4) === 0;
    const { clock, delivery } = setUp({
      fault: () => ({ record: (record) => (record.partitionKey === 'lane-0' ? throttled : undefined) }),
    });
    const waits: { visitor: string; ms: number }[] = [];
    for (let round = 0; round < 20; round++) {
      for (const visitor of visitors) {
        const at = clock.monotonicMs();
        void delivery
          .deliver(chunksOf([{ id: `${visitor}-${round}`, visitor }]))
          .then(() => waits.push({ visitor, ms: clock.monotonicMs() - at }));
      }
      await clock.pass(50);
    }
    await clock.pass(3_000);
    expect(waits).toHaveLength(20 * visitors.length);
    const others = waits.filter(({ visitor }) => !isSlow(visitor)).map(({ ms }) => ms);
    expect(others.length).toBeGreaterThan(400);
    // Linger, one call before, one of its own.
    expect(Math.max(...others)).toBeLessThanOrEqual(45);
  });

  test('a lane with enough for a good record does not linger, and one that is quiet lingers once', async () => {
    const { clock, witness, delivery } = setUp({ lanes: 1, lingerMs: 100 });
    void delivery.deliver(chunksOf([{ id: 'small', visitor: 'v' }]));
    await clock.pass(99);
    expect(witness.calls).toHaveLength(0);
    await clock.pass(2);
    expect(witness.calls).toHaveLength(1);
    await clock.run();
    const at = clock.monotonicMs();
    const large = Array.from({ length: 70 }, (_, i) => ({ id: `l${i}`, visitor: 'v' }));
    await Promise.all([delivery.deliver(chunksOf(large, 400)), clock.run()]);
    expect(witness.calls[1]!.at).toBe(at);
  });

  test('where nothing had come for ten lingers a chunk waits a tenth of one, and where company comes the whole', async () => {
    const { clock, witness, delivery } = setUp({ lanes: 1, lingerMs: 100 });
    const sendAndLook = async (afterMs: number) => {
      await clock.pass(afterMs);
      const at = clock.monotonicMs();
      const calls = witness.calls.length;
      void delivery.deliver(chunksOf([{ id: `e${at}`, visitor: 'v' }]));
      await clock.pass(150);
      return witness.calls[calls]!.at - at;
    };
    expect(await sendAndLook(0)).toBe(100);
    expect(await sendAndLook(500)).toBe(100);
    expect(await sendAndLook(1_000)).toBe(10);
    expect(await sendAndLook(50)).toBe(100);
  });

  test('under load a record grows while it waits: far fewer records than requests, from 19 kB up', async () => {
    const { clock, memory, delivery } = setUp({ lanes: 2 });
    for (let i = 0; i < 500; i++) {
      const events = Array.from({ length: 10 }, (_, j) => ({ id: `${i}-${j}`, visitor: `v${i % 50}` }));
      void delivery.deliver(chunksOf(events, 450));
      await clock.pass(1);
    }
    await clock.run();
    expect(eventsIn(memory.records)).toHaveLength(5_000);
    const sizes = memory.records.map(({ data }) => data.length).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 10)]).toBeGreaterThan(19_000);
  });

  test('what fails is sent again alone', async () => {
    let calls = 0;
    const { clock, witness, memory, delivery } = setUp({
      fault: () => (++calls === 1 ? { record: (_record, i) => (i === 1 ? throttled : undefined) } : undefined),
    });
    const visitors = Array.from({ length: 30 }, (_, i) => ({ id: `e${i}`, visitor: `v${i}` }));
    await Promise.all([delivery.deliver(chunksOf(visitors)), clock.run()]);
    expect(witness.calls.map(({ records }) => records.length)).toEqual([4, 1]);
    expect(witness.calls[1]!.records[0]!.hashKey).toBe(witness.calls[0]!.records[1]!.hashKey);
    expect(eventsIn(memory.records)).toHaveLength(30);
  });

  test('memory is bounded: above the limit events go to the spool at once, and with a full one they are refused', async () => {
    let full = false;
    const { clock, delivery } = setUp({
      maxQueuedBytes: 50_000,
      refuses: () => full,
      fault: () => ({ wait: new Promise(() => {}) }),
    });
    const outcomes: string[] = [];
    const send = (i: number) =>
      void delivery.deliver(chunksOf([{ id: `e${i}`, visitor: `v${i}` }], 10_000)).then(
        () => outcomes.push('safe'),
        () => outcomes.push('refused'),
      );
    for (let i = 0; i < 50; i++) send(i);
    // Time for as many syncs: what waits for one counts, too.
    await clock.pass(500);
    // One chunk in flight and one read ahead, for each of the four lanes, come on top.
    expect(delivery.status().queuedBytes).toBeLessThanOrEqual(50_000 + 8 * 10_100);
    expect(outcomes.length).toBeGreaterThanOrEqual(35);
    expect(new Set(outcomes)).toEqual(new Set(['safe']));
    full = true;
    outcomes.length = 0;
    for (let i = 50; i < 60; i++) send(i);
    await clock.pass(100);
    // With them go those that still waited in memory for the same lanes.
    expect(outcomes.length).toBeGreaterThanOrEqual(10);
    expect(new Set(outcomes)).toEqual(new Set(['refused']));
  });

  test('a request that a shard refuses waits for a few retries, not for the acknowledgement timeout', async () => {
    const { clock, delivery } = setUp({ lanes: 1, fault: () => ({ record: () => throttled }) });
    let answeredAt: number | undefined;
    void delivery.deliver(chunksOf([{ id: 'a', visitor: 'v' }])).then(() => (answeredAt = clock.monotonicMs()));
    await clock.run(() => answeredAt !== undefined);
    // The linger, the first call, and patience from its end on.
    expect(answeredAt).toBeGreaterThanOrEqual(150);
    expect(answeredAt).toBeLessThan(250);
  });

  test('a stream that is out is probed by one record at a time, requests do not wait for it, and all lanes go on when it is back', async () => {
    let out = true;
    const { clock, memory, witness, delivery } = setUp({
      lanes: 4,
      fault: () => (out ? { error: unreachable() } : undefined),
    });
    const visitors = Array.from({ length: 40 }, (_, i) => `v${i}`);
    const waits: number[] = [];
    const sent: string[] = [];
    const send = (round: number) => {
      for (const visitor of visitors) {
        const at = clock.monotonicMs();
        sent.push(`${visitor}-${round}`);
        void delivery
          .deliver(chunksOf([{ id: `${visitor}-${round}`, visitor }]))
          .then(() => waits.push(clock.monotonicMs() - at));
      }
    };
    send(0);
    await clock.pass(1_000);
    const known = witness.calls.length;
    expect(waits).toHaveLength(40);
    for (let round = 1; round < 20; round++) {
      send(round);
      await clock.pass(200);
    }
    const probes = witness.calls.slice(known);
    expect(probes.length).toBeGreaterThan(0);
    expect(probes.every(({ records }) => records.length === 1)).toBe(true);
    // Nobody waited for more than the disk: this spool syncs one request after another, 3 ms each.
    expect(Math.max(...waits.slice(40))).toBeLessThanOrEqual(40 * 3);
    out = false;
    await clock.run();
    const arrived = eventsIn(memory.records).map(({ id }) => id);
    expect(new Set(arrived)).toEqual(new Set(sent));
    expect(arrived).toHaveLength(sent.length);
    for (const visitor of visitors) {
      const mine = arrived.filter((id) => String(id).startsWith(`${visitor}-`));
      expect(mine).toEqual(sent.filter((id) => id.startsWith(`${visitor}-`)));
    }
  });

  test.each([
    ['requests of 5.5 kB', 10, 520],
    ['requests of one event of 600 bytes', 1, 570],
    ['requests of 3.3 kB', 5, 630],
  ])(
    'a record ends just below a step of 5 KB, as Firehose bills it, and what would only begin another waits for the next (%s)',
    async (_, eventsOfARequest, padding) => {
      const { clock, memory, delivery } = setUp({ lanes: 1, lingerMs: 250 });
      for (let i = 0; i < 1_000; i++) {
        const events = Array.from({ length: eventsOfARequest }, (_, j) => ({ id: `${i}-${j}`, visitor: `v${i}` }));
        void delivery.deliver(chunksOf(events, padding));
        await clock.pass(5);
      }
      await clock.run();
      const sizes = memory.records.map(({ bytes }) => bytes);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      expect(eventsIn(memory.records)).toHaveLength(1_000 * eventsOfARequest);
      expect(sizes.reduce((sum, size) => sum + billed(size).firehoseBytes, 0) / bytes).toBeLessThan(1.12);
      expect(bytes / sizes.length).toBeGreaterThan(18_000);
    },
  );

  test.each([
    [10, 1],
    [60, 3],
    [240, 10],
  ])(
    'out of the spool a lane sends at the speed of a shard, and has no more under way, which is all that a kill can repeat, than that needs (%d ms a call, %d payload units)',
    async (callMs, units) => {
      let out = true;
      const { clock, memory, delivery } = setUp({
        lanes: 1,
        lingerMs: 100,
        fault: () =>
          out ? { error: unreachable() } : { wait: new Promise<void>((resolve) => void clock.after(callMs, resolve)) },
      });
      for (let i = 0; i < 1_000; i++) {
        void delivery.deliver(chunksOf([{ id: `${i}`, visitor: `v${i}` }], 2_500));
        await clock.pass(1);
      }
      await clock.pass(10_000);
      out = false;
      const sent = () => memory.records.reduce((sum, { bytes }) => sum + bytes, 0);
      while (sent() < 500_000) await clock.pass(10);
      const from = clock.monotonicMs();
      while (sent() < 2_000_000) await clock.pass(10);
      // A megabyte in about a second.
      expect(clock.monotonicMs() - from).toBeLessThan(1_500 * 1.3);
      const [probe, ...others] = memory.records.map(({ bytes }) => bytes);
      expect(probe).toBeLessThanOrEqual(25_000);
      expect(Math.max(...others)).toBeLessThanOrEqual(units * 25_000);
      await clock.run();
      expect(eventsIn(memory.records)).toHaveLength(1_000);
    },
  );

  test('a lane that something always comes on leaves the spool as soon as all that the spool had of it is on its way', async () => {
    let out = true;
    const { clock, memory, spool, witness, delivery } = setUp({
      lanes: 1,
      fault: () =>
        out ? { error: unreachable() } : { wait: new Promise<void>((resolve) => void clock.after(60, resolve)) },
    });
    const sent: Sent[] = [];
    // 500 kB a second, of what a shard takes half, for ever.
    const arrive = async (times: number) => {
      for (let i = 0; i < times; i++) {
        const event = { id: `${sent.length}`, visitor: `v${sent.length % 3}` };
        sent.push(event);
        void delivery.deliver(chunksOf([event], 5_000));
        await clock.pass(10);
      }
    };
    await arrive(200);
    out = false;
    await arrive(2_000);
    expect(spool.stats().chunks).toBe(0);
    await arrive(100);
    expect(spool.stats().chunks).toBe(0);
    await clock.run();
    expect(eventsIn(memory.records)).toHaveLength(sent.length);
    for (const visitor of ['v0', 'v1', 'v2']) {
      const ids = (events: readonly Sent[]) => events.filter((event) => event.visitor === visitor).map(({ id }) => id);
      expect(ids(eventsIn(memory.records) as unknown as Sent[])).toEqual(ids(sent));
    }
    expect(witness.broken).toEqual([]);
  });

  test('what came to a lane that was about to leave the spool goes there, too, when its shard refuses once more', async () => {
    let refuses = true;
    const { clock, memory, spool, delivery } = setUp({
      lanes: 1,
      fault: () => ({
        wait: new Promise<void>((resolve) => void clock.after(100, resolve)),
        record: () => (refuses ? throttled : undefined),
      }),
    });
    const safe: string[] = [];
    const arrive = (id: string) =>
      void delivery.deliver(chunksOf([{ id, visitor: 'v' }])).then(
        () => safe.push(id),
        () => {},
      );
    arrive('a');
    await clock.pass(2_000);
    refuses = false;
    while (spool.stats().chunks > 0) await clock.pass(1);
    refuses = true;
    arrive('b');
    await clock.pass(2_000);
    refuses = false;
    arrive('c');
    // When the stream has b, c has left for it, and d waits in memory.
    for (let i = 0; i < 10_000 && eventsIn(memory.records).length < 2; i++) await clock.pass(1);
    arrive('d');
    refuses = true;
    await clock.pass(500);
    arrive('e');
    await clock.pass(5_000);
    expect(safe).toEqual(['a', 'b', 'c', 'd', 'e']);
    refuses = false;
    await clock.run();
    expect(eventsIn(memory.records).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('close() hands to the spool what the stream does not take, and the next delivery sends it first', async () => {
    let down = true;
    const { clock, memory, spool, make, delivery } = setUp({
      fault: () => (down ? { error: unreachable() } : undefined),
    });
    const first = delivery.deliver(chunksOf([{ id: 'a', visitor: 'v' }]));
    await clock.pass(30);
    const closed = delivery.close(4_000);
    await clock.run();
    await Promise.all([first, closed]);
    expect(spool.stats().events).toBe(1);
    await expect(delivery.deliver(chunksOf([{ id: 'late', visitor: 'v' }]))).rejects.toBeInstanceOf(NotSafeError);
    down = false;
    const next = make();
    await Promise.all([next.deliver(chunksOf([{ id: 'b', visitor: 'v' }])), clock.run()]);
    expect(eventsIn(memory.records).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});
