import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { createDelivery } from '../../src/core/delivery/delivery.js';
import { evenRanges } from '../../src/core/delivery/hash-ranges.js';
import { SinkError } from '../../src/core/delivery/sink.js';
import { SpoolError } from '../../src/core/delivery/spool.js';
import { createFakeClock } from '../support/fake-clock.js';
import { createMemorySink } from '../support/memory-sink.js';
import { createMemorySpool } from '../support/memory-spool.js';

setFlagsFromString('--expose-gc');
const collectYoung = runInNewContext('gc') as (options: { type: 'minor' }) => void;

test('what goes into the spool leaves memory while it is young: no collection of all memory is needed', async () => {
  const clock = createFakeClock();
  let stored = 0;
  // It keeps nothing, as a disk does.
  const spool = createMemorySpool(clock);
  spool.append = (chunks, settled) => {
    const positions = chunks.map(() => ++stored);
    clock.after(3, () => settled(undefined, positions));
  };
  const sink = {
    ...createMemorySink(4),
    put: async () => {
      throw new SinkError('unreachable', 'ECONNREFUSED', 'refused');
    },
  };
  const delivery = createDelivery({
    sink,
    spool,
    clock,
    ranges: evenRanges(4),
    lingerMs: 20,
    ackTimeoutMs: 2_000,
    maxQueuedBytes: 1_000_000,
  });
  // A server is older than its first outage.
  for (let i = 0; i < 3; i++) collectYoung({ type: 'minor' });
  const bytesOfAChunk = 10_000;
  const send = async (requests: number) => {
    for (let i = 0; i < requests; i++) {
      void delivery.deliver([{ hash: (i * 0x9e3779b1) % 2 ** 32, events: 20, data: Buffer.alloc(bytesOfAChunk) }]);
      await clock.pass(1);
      if (i % 50 === 0) collectYoung({ type: 'minor' });
    }
  };
  await send(500);
  const before = process.memoryUsage().arrayBuffers;
  await send(3_000);
  collectYoung({ type: 'minor' });
  collectYoung({ type: 'minor' });
  const kept = (process.memoryUsage().arrayBuffers - before) / bytesOfAChunk;
  expect(kept).toBeLessThan(300);
});

test('what waits to be written to a slow disk counts as queued, once, until it is refused or stored', async () => {
  const clock = createFakeClock();
  const spool = createMemorySpool(clock);
  const settles: ((error: SpoolError | undefined, positions: readonly number[]) => void)[] = [];
  spool.append = (_, settled) => settles.push(settled);
  const delivery = createDelivery({
    sink: {
      ...createMemorySink(1),
      put: async () => {
        throw new SinkError('unreachable', 'ECONNREFUSED', 'refused');
      },
    },
    spool,
    clock,
    ranges: evenRanges(1),
    lingerMs: 20,
    ackTimeoutMs: 2_000,
    maxQueuedBytes: 1_000_000,
  });
  const outcomes: string[] = [];
  const send = (events: number, bytes: number) =>
    delivery.deliver([{ hash: 1, events, data: Buffer.alloc(bytes) }]).then(
      () => outcomes.push('safe'),
      (error: Error) => outcomes.push(error.message),
    );
  // The first leaves a lane's queue for the spool, the second is sent there as it comes.
  void send(1, 100);
  await clock.pass(10_000);
  void send(2, 200);
  await clock.pass(1);
  expect(settles).toHaveLength(2);
  expect(delivery.status()).toMatchObject({ queuedEvents: 3, queuedBytes: 300 });
  for (const settled of settles) settled(new SpoolError('failed', 'the disk hangs'), []);
  await clock.pass(1);
  expect(outcomes).toEqual(['the disk hangs', 'the disk hangs']);
  expect(delivery.status()).toMatchObject({ queuedEvents: 0, queuedBytes: 0 });
});

test('of a queue that does not fit into the spool as a whole it takes what fits, each request as a whole', async () => {
  const clock = createFakeClock();
  const spool = createMemorySpool(clock);
  const { append } = spool;
  let room = 3_000_000;
  spool.append = (chunks, settled) => {
    const bytes = chunks.reduce((sum, { data }) => sum + data.length, 0);
    if (bytes > room) return settled(new SpoolError('full', 'the spool is full'), []);
    room -= bytes;
    append(chunks, settled);
  };
  const delivery = createDelivery({
    sink: { ...createMemorySink(1), put: () => new Promise(() => {}) },
    spool,
    clock,
    ranges: evenRanges(1),
    lingerMs: 20,
    ackTimeoutMs: 2_000,
    maxQueuedBytes: 10_000_000,
  });
  const outcomes: string[] = [];
  const chunk = { hash: 1, events: 1, data: Buffer.alloc(45_000) };
  for (let i = 0; i < 10; i++)
    void delivery.deliver(Array(10).fill(chunk)).then(
      () => outcomes.push('safe'),
      () => outcomes.push('refused'),
    );
  await clock.pass(2_100);
  // Three requests an append.
  expect(outcomes.filter((one) => one === 'safe')).toHaveLength(6);
  expect(outcomes.filter((one) => one === 'refused')).toHaveLength(4);
  const { inSpool, inFlight, unacknowledged } = delivery.balance();
  expect([inSpool + inFlight, unacknowledged]).toEqual([60, 0]);
});
