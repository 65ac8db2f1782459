import { describe, expect, test } from '@jest/globals';
import type { MillraceEvent } from '@millrace/sdk/schema';
import {
  type CollectorStub,
  type StubRequest,
  startCollectorStub,
  type Treatment,
} from '@millrace/testing/generator-collector-stub';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { sendAll, shoppers, startTraffic, take } from '../src/index.js';

const some = (seed: string, count: number) => [...take(shoppers({ seed, sessions: 30 }), count)];
const ids = (events: readonly MillraceEvent[]) => events.map(({ event_id }) => event_id).sort();

async function withStub<T>(
  treat: ((number: number, request: StubRequest) => Treatment) | undefined,
  act: (stub: CollectorStub) => Promise<T>,
): Promise<T> {
  const stub = await startCollectorStub(treat);
  try {
    return await act(stub);
  } finally {
    await stub.close();
  }
}

/** The first time that each event was kept, stream by stream. */
function firstSeqs(kept: readonly MillraceEvent[]): number[][] {
  const seen = new Set<string>();
  const streams = new Map<string, number[]>();
  for (const { event_id, stream_id, seq } of kept) {
    if (seen.has(event_id)) continue;
    seen.add(event_id);
    streams.set(stream_id, [...(streams.get(stream_id) ?? []), seq]);
  }
  return [...streams.values()];
}

const fault: fc.Arbitrary<Treatment> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Treatment>({ kind: 'accept' }) },
  fc.constantFrom<Treatment>(
    { kind: 'reset' },
    { kind: 'keepThenReset' },
    { kind: 'answer', status: 500 },
    { kind: 'answer', status: 503, headers: { 'retry-after': '0' } },
    { kind: 'answer', status: 413 },
  ),
);

describe('traffic through an ingest server', () => {
  test(`whatever fails on the way, every event is kept, and in each stream in its order${leavesOut('5 of 12 runs')}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 12 }), async (faults) => {
        await withStub(
          (number) => faults[number] ?? { kind: 'accept' },
          async ({ url, kept }) => {
            const events = some('faults', 60);
            const summary = await sendAll({ url, key: 'demo', events, connections: 3, batchEvents: 8 });
            expect(summary).toMatchObject({ made: 60, unacknowledged: 0 });
            expect(summary.failure).toBeUndefined();
            // A single event that is answered with 413 is refused; nothing else is.
            expect(summary.acknowledged + summary.refused).toBe(60);
            if (summary.refused === 0) {
              expect(new Set(ids(kept))).toEqual(new Set(ids(events)));
              for (const seqs of firstSeqs(kept)) expect(seqs).toEqual(seqs.map((_, index) => index));
            }
          },
        );
      }),
      { numRuns: inForm(5, 12) },
    );
  });

  test('requests are JSON Lines as text/plain with key, sent_at and batch, and a retry repeats the batch and its body', async () => {
    const failFirst = (number: number): Treatment => ({ kind: number === 0 ? 'reset' : 'accept' });
    await withStub(failFirst, async ({ url, requests }) => {
      const events = some('wire', 5);
      await sendAll({ url: `${url}/`, key: 'a key&', events, connections: 1 });
      const [first, second, ...others] = requests as [StubRequest, StubRequest, ...StubRequest[]];
      // On a slow machine not all five wait for the first request.
      expect([second, ...others].flatMap(({ lines }) => lines.map((line) => JSON.parse(line)))).toEqual(events);
      for (const other of others) expect(other.query.get('batch')).not.toBe(first.query.get('batch'));
      expect(first.contentType).toBe('text/plain');
      expect(first.query.get('key')).toBe('a key&');
      expect(first.query.get('batch')).toMatch(/^[0-9a-f-]{36}$/);
      expect(second.query.get('batch')).toBe(first.query.get('batch'));
      expect(second.lines).toEqual(first.lines);
      expect(Math.abs(Number(second.query.get('sent_at')) - Date.now())).toBeLessThan(60_000);
    });
  });

  test('Retry-After is waited for', async () => {
    const busyOnce = (number: number): Treatment =>
      number === 0 ? { kind: 'answer', status: 503, headers: { 'retry-after': '1' } } : { kind: 'accept' };
    await withStub(busyOnce, async ({ url, requests }) => {
      const summary = await sendAll({ url, key: 'demo', events: some('wait', 3), connections: 1 });
      expect(summary).toMatchObject({ acknowledged: 3, retries: 1 });
      expect(requests[1]!.atMs - requests[0]!.atMs).toBeGreaterThan(990);
    });
  });

  test('rejected events are counted and named; the good ones beside them are acknowledged', async () => {
    const events = some('reject', 4);
    // By its id: on a slow machine not all four are in one request.
    const placeOfSecond = (lines: readonly string[]) => lines.findIndex((line) => line.includes(events[1]!.event_id));
    await withStub(
      (_, { lines }) => ({ kind: 'reject', indices: [placeOfSecond(lines)] }),
      async ({ url }) => {
        const refused: string[] = [];
        const acknowledged: MillraceEvent[] = [];
        const summary = await sendAll({
          url,
          key: 'demo',
          events,
          connections: 1,
          onAcknowledged: (event) => acknowledged.push(event),
          onRefused: ({ event, reason }) => refused.push(`${event.event_id} ${reason}`),
        });
        expect(summary).toMatchObject({ acknowledged: 3, refused: 1, unacknowledged: 0 });
        expect(refused).toEqual([`${events[1]!.event_id} invalid_event at /page: the stub does not like it`]);
        expect(acknowledged).toEqual([events[0], events[2], events[3]]);
      },
    );
  });

  test('a wrong key ends at once, with nothing counted as acknowledged', async () => {
    await withStub(
      () => ({ kind: 'answer', status: 401, body: '{"code":"wrong_key"}' }),
      async ({ url, requests }) => {
        const summary = await sendAll({ url, key: 'no', events: some('key', 5), connections: 1 });
        expect(summary).toMatchObject({ acknowledged: 0, unacknowledged: 5 });
        expect(summary.failure?.message).toBe(
          `the ingest server at ${url}: it answered 401 (wrong_key). Pass the site's write key with --key`,
        );
        expect(requests).toHaveLength(1);
      },
    );
  });

  test('a batch stays within 500 events and 1 MiB', async () => {
    await withStub(undefined, async ({ url, requests, kept }) => {
      const large = some('large', 1_500).map((event, index) =>
        index % 3 === 0 ? { ...event, properties: { pad: '€'.repeat(1_300) } } : event,
      );
      await sendAll({ url, key: 'demo', events: large, connections: 1 });
      expect(kept).toHaveLength(1_500);
      expect(Math.max(...requests.map(({ lines }) => lines.length))).toBeLessThanOrEqual(500);
      const bytes = requests.map(({ lines }) => Buffer.byteLength(`${lines.join('\n')}\n`));
      expect(Math.max(...bytes)).toBeLessThanOrEqual(1024 * 1024);
      expect(requests.length).toBeLessThan(100);
    });
  });

  test('with a rate, events are made on schedule although the server does not answer', async () => {
    await withStub(
      () => ({ kind: 'hang' }),
      async ({ url }) => {
        const stop = new AbortController();
        const summary = await sendAll({
          url,
          key: 'demo',
          events: shoppers({ sessions: 5 }),
          eventsPerSecond: 1_000,
          signal: stop.signal,
          graceMs: 50,
          onProgress: ({ made }) => made > 200 && stop.abort(),
        });
        expect(summary.made).toBeGreaterThan(200);
        expect(summary.acknowledged).toBe(0);
        expect(summary.failure?.message).toContain(`had answered for ${summary.made} events`);
      },
    );
  });

  test('a trickle stops by itself after its number of events, and waits for a server that is away', async () => {
    const awayAtFirst = (number: number): Treatment => ({ kind: number < 3 ? 'reset' : 'accept' });
    await withStub(awayAtFirst, async ({ url, kept }) => {
      const lines: string[] = [];
      const traffic = startTraffic({
        url,
        key: 'demo',
        eventsPerSecond: 200,
        maxEvents: 30,
        seed: 'trickle',
        log: (line) => lines.push(line),
      });
      while (traffic.acknowledged() < 30) await new Promise((resolve) => setTimeout(resolve, 20));
      await traffic.stop();
      expect(traffic.sent()).toBe(30);
      expect(kept).toHaveLength(30);
      expect(lines[0]).toContain('connection reset; retrying');
    });
  });

  test('stopping a trickle makes no more events and lets those on their way arrive', async () => {
    await withStub(undefined, async ({ url, kept }) => {
      const traffic = startTraffic({ url, key: 'demo', eventsPerSecond: 500, maxEvents: 10_000 });
      while (traffic.acknowledged() < 20) await new Promise((resolve) => setTimeout(resolve, 20));
      await traffic.stop();
      expect(traffic.acknowledged()).toBe(traffic.sent());
      expect(kept).toHaveLength(traffic.sent());
    });
  });
});
