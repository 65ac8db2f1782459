import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '@millrace/kit/clock';
import fc from 'fast-check';
import type { StreamSource } from '../src/firehose/ports.js';
import { type DeliveryWorker, startWorker, type WorkerOptions } from '../src/firehose/worker.js';
import { nextTry, retryPace } from '../src/firehose/write/retry-pace.js';
import { createSignal } from '../src/signal.js';
import {
  aws,
  configure,
  fakeBucket,
  fakePositions,
  fakeStream,
  hastyClock,
  until,
  workerBetween,
} from './firehose-fakes.js';

const running: DeliveryWorker[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop(0)));
});

async function begin(
  stream: ReturnType<typeof fakeStream>,
  bucket: ReturnType<typeof fakeBucket>,
  change: Partial<WorkerOptions> = {},
) {
  const log: string[] = [];
  const store = fakePositions();
  const worker = startWorker({
    ...workerBetween(stream, bucket, store),
    configuration: await configure(),
    log: (line) => log.push(line),
    ...change,
  });
  running.push(worker);
  return { worker, log, store };
}

const event = (n: number, page = 'books', name = 'liked_item') => ({ page, event: name, n });
const numbers = (lines: string[]) => lines.map((line) => JSON.parse(line).n as number);

describe('delivery', () => {
  test('packed records come apart into the objects of their partitions, byte for byte, and then the position moves', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const { store } = await begin(stream, bucket);
    stream.put(
      'shard-0',
      '{ "page":"books", "event":"liked_item", "ü":1.0 }\n{"page":"food","event":"clicked_review"}',
    );
    stream.put('shard-0', '{"page":"books","event":"liked_item","n":2}{"page":"books","event":"liked_item","n":3}');
    await until(() => store.last().get('shard-0')?.sequenceNumber === '2', 'both records are delivered');
    expect(bucket.lines('page=books/event=liked_item/')).toEqual([
      '{ "page":"books", "event":"liked_item", "ü":1.0 }',
      '{"page":"books","event":"liked_item","n":2}',
      '{"page":"books","event":"liked_item","n":3}',
    ]);
    expect(bucket.lines('page=food/event=clicked_review/')).toEqual(['{"page":"food","event":"clicked_review"}']);
    expect(bucket.objects[0]).toMatchObject({ bucket: 'lake', contentEncoding: 'gzip' });
    for (const { key } of bucket.objects)
      expect(key).toMatch(
        /^page=\w+\/event=\w+\/to-lake-1-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.gz$/,
      );
  });

  test('a record that cannot be partitioned becomes a line of an error object, with its reason and its bytes', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const { store } = await begin(stream, bucket);
    const bad: [string, string][] = [
      ['{"page":"books"}', 'partitionKeys values must not be null or empty'],
      ['{"page":"","event":"x"}', 'partitionKeys values must not be null or empty'],
      ['no json', 'Non JSON record provided'],
      ['', 'Non JSON record provided'],
      ['[{"page":"books","event":"x"}]', 'Cannot index array with string "page"'],
      [Array(501).fill('{"page":"books","event":"x"}').join('\n'), 'Non JSON record provided'],
      [`{"page":"${'x'.repeat(600)}","event":"x"}`, 'Length of evaluated prefix cannot be greater than 512'],
      [`{"page":"${'😀'.repeat(130)}","event":"x"}`, 'Length of evaluated prefix cannot be greater than 512'],
      ['{"page":"a/../b","event":"x"}', 'partitionKeys values must not make . or .. a part of the path'],
      ['{"page":{"a":1},"event":"x"}', 'partitionKeys value of page must be text, not an object'],
    ];
    const arrivalMs = Date.UTC(2026, 6, 3, 4);
    for (const [data] of bad) stream.put('shard-0', data, arrivalMs);
    stream.put('shard-0', [event(1), { page: 'books' }, event(2)]);
    await until(() => store.last().get('shard-0')?.sequenceNumber === String(bad.length + 1), 'all is delivered');
    const errors = bucket
      .lines('errors/metadata-extraction-failed/2026/07/03/04/to-lake-1-')
      .map((line) => JSON.parse(line));
    expect(
      errors.map(({ rawData, errorMessage }) => [Buffer.from(rawData, 'base64').toString(), errorMessage]),
    ).toEqual(bad);
    for (const error of errors)
      expect(error).toMatchObject({
        errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
        attemptsMade: 1,
        arrivalTimestamp: arrivalMs,
        attemptEndingTimestamp: expect.any(Number),
      });
    const [object] = bucket.objects.filter(({ key }) => key.startsWith('errors/'));
    expect(object!.contentEncoding).toBeUndefined();
    expect(object!.key).toMatch(/[0-9a-f]{12}$/);
    // The good ones beside a bad one are delivered.
    expect(numbers(bucket.lines('page='))).toEqual([1, 2]);
  });

  test('numbers and booleans make partitions as text', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    await begin(stream, bucket);
    stream.put('shard-0', [{ page: 7, event: false }]);
    await until(() => bucket.objects.length === 1, 'it is delivered');
    expect(bucket.objects[0]!.key).toMatch(/^page=7\/event=false\//);
  });

  test('past the quota of active partitions records go to the error prefix', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const { store } = await begin(stream, bucket, { limits: { maxPartitions: 2 } });
    stream.put('shard-0', [event(1, 'a'), event(2, 'b'), event(3, 'c'), event(4, 'a')]);
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'all is delivered');
    expect(numbers(bucket.lines('page='))).toEqual([1, 4, 2]);
    const [error] = bucket.lines('errors/activePartitionExceeded/').map((line) => JSON.parse(line));
    expect(Buffer.from(error.rawData, 'base64').toString()).toBe(JSON.stringify(event(3, 'c')));
  });

  test('another filter than plain paths is jq’s own', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const query = '{page:(.page|ascii_upcase),event:(if .n > 1 then "late" else "early" end)}';
    const filtered = await configure();
    const processing = {
      Enabled: true,
      Processors: [
        {
          Type: 'MetadataExtraction' as const,
          Parameters: [
            { ParameterName: 'MetadataExtractionQuery' as const, ParameterValue: query },
            { ParameterName: 'JsonParsingEngine' as const, ParameterValue: 'JQ-1.6' },
          ],
        },
      ],
    };
    expect(filtered.query?.kind).toBe('paths');
    const { store } = await begin(stream, bucket, {
      configuration: await configure({ ProcessingConfiguration: processing }),
    });
    for (const n of [1, 2]) stream.put('shard-0', JSON.stringify(event(n)));
    stream.put('shard-0', '{"page":1}');
    stream.put('shard-0', '{"page":"a"}{"page":"b"}');
    await until(() => store.last().get('shard-0')?.sequenceNumber === '4', 'all is delivered');
    expect(bucket.objects.map(({ key }) => key.replace(/to-lake.*/, '')).sort()).toEqual([
      expect.stringMatching(/^errors\/metadata-extraction-failed\//),
      'page=BOOKS/event=early/',
      'page=BOOKS/event=late/',
    ]);
    // Without de-aggregation several objects in one record are no JSON, and without a delimiter none is appended.
    expect(bucket.lines('errors/').map((line) => JSON.parse(line).errorMessage)).toEqual([
      expect.stringContaining('explode'),
      'Non JSON record provided',
    ]);
    expect(bucket.lines('page=')).toEqual([]);
  });

  test('without dynamic partitioning everything goes into one object under the hour of arrival', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    await begin(stream, bucket, {
      configuration: await configure({
        Prefix: 'raw',
        ErrorOutputPrefix: undefined,
        ProcessingConfiguration: undefined,
        DynamicPartitioningConfiguration: undefined,
        CompressionFormat: 'UNCOMPRESSED',
        FileExtension: '.txt',
      }),
    });
    stream.put('shard-0', 'any', Date.UTC(2026, 6, 3, 5));
    stream.put('shard-0', 'thing', Date.UTC(2026, 6, 3, 4));
    await until(() => bucket.objects.length === 1, 'it is delivered');
    expect(bucket.objects[0]!.body.toString()).toBe('anything');
    expect(bucket.objects[0]!.key).toMatch(/^raw2026\/07\/03\/04\/to-lake-1-.*\.txt$/);
  });

  test('a day in the prefix is each record’s own', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    await begin(stream, bucket, {
      configuration: await configure({
        Prefix: 'page=!{partitionKeyFromQuery:page}/!{partitionKeyFromQuery:event}/dt=!{timestamp:yyyy-MM-dd}/',
      }),
    });
    stream.put('shard-0', [event(1)], Date.UTC(2026, 6, 3, 23, 59));
    stream.put('shard-0', [event(2)], Date.UTC(2026, 6, 4));
    await until(() => bucket.objects.length === 2, 'both are delivered');
    expect(numbers(bucket.lines('page=books/liked_item/dt=2026-07-03/'))).toEqual([1]);
    expect(numbers(bucket.lines('page=books/liked_item/dt=2026-07-04/'))).toEqual([2]);
  });

  test('what came before the delivery stream was created is left alone', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const startMs = Date.now();
    stream.put('shard-0', [event(1)], startMs - 1);
    stream.put('shard-0', [event(2)], startMs);
    const { store } = await begin(stream, bucket, { startMs });
    await until(() => store.last().get('shard-0')?.sequenceNumber === '2', 'the second is delivered');
    expect(numbers(bucket.lines())).toEqual([2]);
  });
});

describe('when the stream is difficult', () => {
  test('throttled reads, expired iterators and lost connections cost nothing', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    stream.fail('shards', aws('LimitExceededException'));
    stream.fail('iterator', aws('ProvisionedThroughputExceededException'));
    for (const name of [
      'ProvisionedThroughputExceededException',
      'ExpiredIteratorException',
      'ECONNREFUSED',
      'InternalFailure',
    ])
      stream.fail('read', aws(name));
    for (let n = 0; n < 300; n++) stream.put('shard-0', [event(n)]);
    const { store, log } = await begin(stream, bucket);
    await until(() => store.last().get('shard-0')?.sequenceNumber === '300', 'all is delivered');
    stream.fail('read', aws('ExpiredIteratorException'));
    stream.put('shard-0', [event(300)]);
    await until(() => store.last().get('shard-0')?.sequenceNumber === '301', 'the last is delivered');
    expect(numbers(bucket.lines())).toEqual(Array.from({ length: 301 }, (_, n) => n));
    expect(log.filter((line) => line.startsWith('cannot read')).length).toBeGreaterThan(0);
    expect(log.at(-1)).toBe('reads the source stream again');
  });

  test('a shard of a stream that says nothing changed is read every 5 s, and after a change within 250 ms', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    let changes = 0;
    const source = { ...stream.source, changes: () => changes };
    const sleep: typeof hastyClock.sleep = (ms, signal) => {
      if (ms === 250) stream.calls.push('pause');
      return hastyClock.sleep(ms, signal);
    };
    const { store } = await begin(stream, bucket, { source, clock: { ...hastyClock, sleep } });
    const reads = () => stream.calls.filter((call) => call === 'read').length;
    await until(() => reads() >= 3, 'it is read three times');
    const [first, second] = stream.calls.join(' ').split('read').slice(1);
    expect([first, second].map((pauses) => pauses!.trim().split(' ').length)).toEqual([20, 20]);
    stream.put('shard-0', [event(1)]);
    changes++;
    const before = stream.calls.length;
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'the record is delivered');
    expect(stream.calls[before]).toBe('read');
  });

  test('a quiet shard is read at once when its source says that something changed', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const changed = createSignal();
    let changes = 0;
    const source = { ...stream.source, changes: () => changes, changed: changed.next };
    let isQuiet = false;
    // The second pause of a quiet shard never ends by itself.
    const sleep: typeof hastyClock.sleep = (ms, signal) => {
      if (ms !== 250 || !isQuiet) {
        isQuiet ||= ms === 250;
        return hastyClock.sleep(ms, signal);
      }
      stream.calls.push('pause');
      return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
    };
    const { store } = await begin(stream, bucket, { source, clock: { ...hastyClock, sleep } });
    await until(() => stream.calls.includes('pause'), 'it pauses');
    stream.put('shard-0', [event(1)]);
    isQuiet = false;
    changes++;
    changed.notify();
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'the record is delivered');
    expect(stream.calls[stream.calls.indexOf('pause') + 1]).toBe('read');
  });

  test('a stream of many shards makes Node warn of nothing', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    const stream = fakeStream(Array.from({ length: 20 }, (_, n) => `shard-${n}`));
    await begin(stream, fakeBucket(), { source: { ...stream.source, changes: () => 0 }, clock: systemClock });
    await until(() => stream.calls.filter((call) => call === 'read').length >= 20, 'all shards are read');
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('an empty answer that is not at the end of the shard is followed by the next within 250 ms', async () => {
    const stream = fakeStream(['shard-0']);
    let empty = 0;
    const source: StreamSource = {
      ...stream.source,
      changes: () => 0,
      async read(iterator, limit, signal) {
        stream.calls.push('read');
        if (empty++ < 4) return { records: [], next: iterator, behindMs: 5 };
        return stream.source.read(iterator, limit, signal);
      },
    };
    const sleep: typeof hastyClock.sleep = (ms, signal) => {
      if (ms === 250) stream.calls.push('pause');
      return hastyClock.sleep(ms, signal);
    };
    await begin(stream, fakeBucket(), { source, clock: { ...hastyClock, sleep } });
    await until(() => stream.calls.filter((call) => call === 'read').length >= 5, 'it is read five times');
    const pauses = stream.calls.join(' ').split('read').slice(1, 5);
    expect(pauses.map((text) => text.trim())).toEqual(['pause', 'pause', 'pause', 'pause']);
  });

  test('a reshard: the parents are read to their end before their children, and finished shards stay finished', async () => {
    const stream = fakeStream(['left', 'right']);
    const bucket = fakeBucket();
    stream.put('left', [event(1)]);
    stream.put('right', [event(2)]);
    stream.open('merged', ['left', 'right']);
    stream.put('merged', [event(3)]);
    stream.close('left');
    const { store, worker } = await begin(stream, bucket);
    await until(() => store.last().get('left')?.finished === true, 'the left parent is finished');
    await until(() => bucket.lines().length === 2, 'the parents are delivered');
    expect(store.last().has('merged')).toBe(false);
    stream.put('right', [event(4)]);
    stream.close('right');
    await until(() => numbers(bucket.lines()).includes(3), 'the child is delivered');
    expect(numbers(bucket.lines()).indexOf(4)).toBeLessThan(numbers(bucket.lines()).indexOf(3));
    await worker.stop(1_000);
    stream.put('merged', [event(5)]);
    const reads = stream.calls.length;
    const again = await begin(stream, bucket, { stored: store.last() });
    await until(() => numbers(bucket.lines()).includes(5), 'the next start goes on in the child');
    expect(numbers(bucket.lines()).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(stream.calls.slice(reads).filter((call) => call === 'iterator')).toHaveLength(1);
    expect(again.store.last().get('right')).toEqual({ finished: true });
  });

  test('a position that the stream does not know is said, and reading begins at the oldest record', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    stream.put('shard-0', [event(1)]);
    const { log } = await begin(stream, bucket, {
      stored: new Map([['shard-0', { sequenceNumber: 'of another stream' }]]),
    });
    await until(() => bucket.lines().length === 1, 'it is delivered');
    expect(log).toEqual([expect.stringContaining('shard-0 does not know the stored position')]);
  });

  test('a position older than the stream’s retention is a warning', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const { log } = await begin(stream, bucket, {
      stored: new Map([['shard-0', { sequenceNumber: '0', arrivalMs: Date.now() - 25 * 3_600_000 }]]),
    });
    await until(() => log.length > 0, 'it is said');
    expect(log).toEqual([expect.stringMatching(/^WARNING: shard shard-0 .* are LOST$/)]);
  });
});

describe('when S3 is difficult', () => {
  test('an object is tried until S3 takes it; it is said once, and once when it is over', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    bucket.state.failing = () => aws('SlowDown', 'Please reduce your request rate.');
    const { log, store } = await begin(stream, bucket);
    stream.put('shard-0', [event(1), event(2, 'food')]);
    await until(() => bucket.state.tries > 20, 'there were many tries');
    expect(store.last().get('shard-0')?.sequenceNumber).toBeUndefined();
    expect(log).toEqual([
      expect.stringContaining('S3 does not take objects for lake (SlowDown: Please reduce your request rate.)'),
    ]);
    bucket.state.failing = undefined;
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'all is delivered');
    expect(numbers(bucket.lines())).toEqual([1, 2]);
    expect(log.slice(1)).toEqual(['S3 takes objects for lake again']);
  });

  test('past the retry duration it is said once, the records are kept, and they come when S3 takes them after all', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    bucket.state.failing = () => aws('AccessDenied', 'no');
    const { log, store } = await begin(stream, bucket, {
      configuration: await configure({
        DynamicPartitioningConfiguration: { Enabled: true, RetryOptions: { DurationInSeconds: 0 } },
      }),
    });
    stream.put('shard-0', [event(1), event(2, 'food')]);
    await until(() => bucket.state.tries > 6, 'there were several tries');
    const late = 'S3 has not taken an object for lake within the retry duration of 0 s (AccessDenied: no)';
    expect(log.filter((line) => line.startsWith(late))).toHaveLength(1);
    expect(store.last().get('shard-0')?.sequenceNumber).toBeUndefined();
    bucket.state.failing = undefined;
    await until(() => store.last().get('shard-0')?.sequenceNumber === '1', 'all is delivered');
    expect(numbers(bucket.lines())).toEqual([1, 2]);
    expect(log.at(-1)).toBe('S3 has taken the overdue objects for lake');
  });

  test('tries come at short pauses up to the retry duration to the millisecond, and every 5 s to a minute after it', () => {
    fc.assert(
      fc.property(
        fc.nat(7_200_000),
        fc.integer({ min: 1, max: 900_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat(10_000_000),
        (withinMs, intervalMs, attempt, failingMs) => {
          const pace = retryPace(withinMs, intervalMs);
          const { overdue, pauseMs } = nextTry(pace, attempt, failingMs);
          expect(overdue).toBe(failingMs >= withinMs);
          expect(pauseMs).toBeGreaterThan(0);
          if (overdue) expect(pauseMs).toBe(Math.min(60_000, Math.max(5_000, intervalMs)));
          else expect(failingMs + pauseMs).toBeLessThanOrEqual(Math.min(withinMs, failingMs + 5_000));
        },
      ),
    );
  });

  test('while it takes nothing, memory is bounded: reading pauses, and goes on without a gap', async () => {
    const stream = fakeStream(['shard-0', 'shard-1']);
    const bucket = fakeBucket();
    bucket.state.failing = () => aws('ServiceUnavailable');
    const pad = 'x'.repeat(10_000);
    for (let n = 0; n < 600; n++) stream.put(`shard-${n % 2}`, [{ ...event(n), pad }]);
    const maxBufferedBytes = 400_000;
    const { store } = await begin(stream, bucket, { limits: { maxBufferedBytes } });
    await until(() => bucket.state.tries > 20, 'there were many tries');
    const reads = () => stream.calls.filter((call) => call === 'read').length;
    const before = reads();
    // One read of each shard brings more than there is room for.
    expect(before).toBe(2);
    await until(() => bucket.state.tries > 60, 'there were many more');
    expect(reads()).toBe(before);
    bucket.state.failing = undefined;
    await until(
      () =>
        store.last().get('shard-0')?.sequenceNumber === '599' && store.last().get('shard-1')?.sequenceNumber === '600',
      'all is delivered',
    );
    const delivered = numbers(bucket.lines());
    for (const parity of [0, 1])
      expect(delivered.filter((n) => n % 2 === parity)).toEqual(
        Array.from({ length: 300 }, (_, index) => index * 2 + parity),
      );
  });

  test('a partition that S3 does not take does not hold up the others, and its records are not passed over', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    bucket.state.failing = (key) => (key.startsWith('page=food/') ? aws('AccessDenied') : undefined);
    const { store } = await begin(stream, bucket);
    stream.put('shard-0', [event(1)]);
    stream.put('shard-0', [event(2, 'food')]);
    stream.put('shard-0', [event(3)]);
    await until(() => bucket.lines().length === 2, 'the others are delivered');
    await until(() => store.history.length > 0, 'a position is stored');
    expect(Number(store.last().get('shard-0')?.sequenceNumber ?? 0)).toBeLessThan(2);
  });
});

describe('stopping', () => {
  test('delivers what is buffered and stores the positions; the next start goes on from there, with nothing twice', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    const { worker, store } = await begin(stream, bucket, { timeScale: 0.01 });
    stream.put('shard-0', [event(1), event(2, 'food')]);
    await until(() => stream.calls.length > 5, 'it is read');
    await worker.stop(5_000);
    expect(numbers(bucket.lines())).toEqual([1, 2]);
    expect(store.last().get('shard-0')?.sequenceNumber).toBe('1');
    stream.put('shard-0', [event(3)]);
    await begin(stream, bucket, { stored: store.last() });
    await until(() => bucket.lines().length === 3, 'the new one is delivered');
    expect(numbers(bucket.lines()).sort()).toEqual([1, 2, 3]);
  });

  test('ends in time when S3 takes nothing, and what was not delivered comes at the next start', async () => {
    const stream = fakeStream(['shard-0']);
    const bucket = fakeBucket();
    bucket.state.failing = () => aws('ServiceUnavailable');
    const { worker, store, log } = await begin(stream, bucket);
    stream.put('shard-0', [event(1)]);
    await until(() => bucket.state.tries > 2, 'there were tries');
    await worker.stop(100);
    expect(log.at(-1)).toMatch(/were not delivered; the next start reads their records again/);
    bucket.state.failing = undefined;
    await begin(stream, bucket, { stored: store.last() });
    await until(() => bucket.lines().length === 1, 'it is delivered');
    expect(numbers(bucket.lines())).toEqual([1]);
  });
});

test('what was delivered before a kill does not come again, also while an earlier record of the shard still waits', async () => {
  const stream = fakeStream(['shard-0']);
  const bucket = fakeBucket();
  // S3 does not take food: its record holds the position.
  bucket.state.failing = (key) => (key.startsWith('page=food/') ? new Error('not now') : undefined);
  const { worker, store } = await begin(stream, bucket);
  stream.put('shard-0', [event(0, 'food')]);
  for (let n = 1; n <= 20; n++) stream.put('shard-0', [event(n)]);
  await until(() => numbers(bucket.lines('page=books/')).length === 20, 'the books are delivered');
  await until(() => store.last().get('shard-0')?.ahead !== undefined, 'that is stored');
  const stored = structuredClone(store.last());
  expect(stored.get('shard-0')!.sequenceNumber).toBeUndefined();
  await worker.stop(0);
  bucket.state.failing = undefined;
  stream.put('shard-0', [event(21)]);
  const next = await begin(stream, bucket, { stored });
  await until(() => next.store.last().get('shard-0')?.sequenceNumber === '22', 'all is delivered');
  expect(numbers(bucket.lines('page=food/'))).toEqual([0]);
  expect(numbers(bucket.lines('page=books/')).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 21 }, (_, n) => n + 1),
  );
});

test('killed at any moment with S3 and the stream failing at random: every record is delivered, each partition in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(60), { minLength: 1, maxLength: 5 }), fc.integer(), async (lives, seed) => {
      const stream = fakeStream(['shard-0', 'shard-1']);
      const bucket = fakeBucket();
      let random = seed >>> 0;
      const chance = () => {
        random = (random * 1_664_525 + 1_013_904_223) >>> 0;
        return random / 2 ** 32;
      };
      bucket.state.failing = () => (chance() < 0.3 ? aws('InternalError') : undefined);
      let next = 0;
      let stored = new Map();
      const pages = ['books', 'food', 'home'];
      const putSome = () => {
        for (let count = 0; count < 40; count++, next++) {
          const shard = next % 2;
          stream.put(`shard-${shard}`, [event(next, pages[next % 3]), event(next + 0.5, pages[(next + 1) % 3])]);
        }
      };
      for (const tries of lives) {
        putSome();
        if (chance() < 0.5) stream.fail('read', aws('InternalFailure'));
        const { worker, store } = await begin(stream, bucket, { stored });
        const before = bucket.state.tries;
        const givenUpMs = Date.now() + 40;
        await until(() => bucket.state.tries >= before + tries || Date.now() > givenUpMs, 'some tries');
        // What a kill leaves: the positions as they are now. The orderly end that follows may write no more of them or into the bucket.
        stored = new Map(store.last());
        const objects = bucket.objects.length;
        await worker.stop(0);
        bucket.objects.length = objects;
      }
      bucket.state.failing = undefined;
      const last = await begin(stream, bucket, { stored });
      await until(
        () =>
          [0, 1].every((shard) => last.store.last().get(`shard-${shard}`)?.sequenceNumber === String(next - 1 + shard)),
        'all is delivered',
      );
      await last.worker.stop(1_000);
      expect(new Set(numbers(bucket.lines())).size).toBe(next * 2);
      for (const page of pages) {
        const firsts = [...new Set(numbers(bucket.lines(`page=${page}/`)))];
        for (const parity of [0, 1]) {
          const ofShard = firsts.filter((n) => Math.floor(n) % 2 === parity);
          expect(ofShard).toEqual([...ofShard].sort((a, b) => a - b));
        }
      }
    }),
    { numRuns: 12 },
  );
});

test('somebody who watches sees events in the stream and then in their object; nothing is kept when nobody does', async () => {
  const stream = fakeStream(['shard-0']);
  const bucket = fakeBucket();
  let wanted = false;
  const seen: unknown[] = [];
  await begin(stream, bucket, {
    observer: {
      wanted: () => wanted,
      read: (record, { shardId }) => {
        seen.push(['read', record.n, shardId]);
        if (record.n === 3) throw new Error('a view that fails');
        return record.n;
      },
      delivered: ({ key, records }, notes) => {
        seen.push(['delivered', key.split('/')[0], records, ...notes]);
        throw new Error('a view that fails');
      },
    },
  });
  stream.put('shard-0', [event(1)]);
  await until(() => bucket.objects.length === 1, 'the first is delivered');
  expect(seen).toEqual([]);
  wanted = true;
  stream.put('shard-0', [event(2), event(3)]);
  await until(() => bucket.objects.length === 2 && seen.length === 3, 'the others are delivered');
  expect(seen).toEqual([
    ['read', 2, 'shard-0'],
    ['read', 3, 'shard-0'],
    ['delivered', 'page=books', 2, 2],
  ]);
});
