import { describe, expect, test } from '@jest/globals';
import { createRandom } from '@millrace/kit/seeded-random';
import { uuidV7 } from '@millrace/kit/uuid';
import fc from 'fast-check';
import { readAnswer, retryAfterMs } from '../src/sending/ingest-answer.js';
import { createLatency } from '../src/sending/latency.js';
import { pauseMs } from '../src/sending/retrier.js';
import { readPutError } from '../src/sending/stream-sink.js';
import { createHeap } from '../src/shoppers/heap.js';

const answer = (status: number, body: unknown = '', retryAfter?: string) =>
  readAnswer({ status, retryAfter, body: typeof body === 'string' ? body : JSON.stringify(body) }, 3, 0);

describe('parts of the generator', () => {
  test('an id is a UUIDv7 that begins with its time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.string(), (timeMs, seed) => {
        const id = uuidV7(timeMs, createRandom(seed).bits);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(timeMs);
      }),
    );
  });

  test('random integers stay in their range and reach both ends', () => {
    const random = createRandom('range');
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(2, 5)));
    expect([...seen].sort()).toEqual([2, 3, 4, 5]);
  });

  test('a heap gives back everything in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = createHeap<number>((each) => each);
        for (const each of numbers) heap.push(each);
        expect(numbers.map(() => heap.pop())).toEqual([...numbers].sort((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });

  test('back-off has full jitter below a doubling bound, and never undercuts Retry-After', () => {
    const latest = () => 0.999_999;
    const bound = (failures: number) => Math.round(pauseMs(failures, undefined, latest));
    expect([1, 2, 3, 4].map(bound)).toEqual([200, 400, 800, 1600]);
    expect(pauseMs(51, undefined, latest)).toBeLessThanOrEqual(5_000);
    expect(pauseMs(6, undefined, () => 0)).toBe(0);
    expect(pauseMs(1, 7_000, () => 0)).toBe(7_000);
    expect(pauseMs(10, 7_000, latest)).toBeLessThanOrEqual(7_500);
  });

  test('Retry-After is understood as seconds and as a date', () => {
    const now = Date.UTC(2026, 10, 23, 8);
    expect(retryAfterMs('3', now)).toBe(3_000);
    expect(retryAfterMs('Mon, 23 Nov 2026 08:00:05 GMT', now)).toBe(5_000);
    expect(retryAfterMs('Mon, 23 Nov 2026 07:00:00 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeUndefined();
    expect(retryAfterMs(undefined, now)).toBeUndefined();
  });

  test('only an answer that accounts for every event acknowledges', () => {
    expect(answer(200, { accepted: 3, rejected: [] })).toMatchObject({ done: { rejected: [] } });
    expect(
      answer(200, { accepted: 2, rejected: [{ index: 1, code: 'invalid_event', path: '/a', message: 'm' }] }),
    ).toMatchObject({
      done: { rejected: [{ index: 1 }] },
    });
    for (const wrong of [
      '<html>',
      {},
      { accepted: 2, rejected: [] },
      { accepted: 2, rejected: [{ index: 3 }] },
      { accepted: 1, rejected: [{ index: 1 }, { index: 1 }] },
      { accepted: 3, rejected: 'none' },
    ]) {
      expect(answer(200, wrong)).toHaveProperty('fatal');
    }
  });

  test('transient answers are retried, others are errors, and a batch that is too large is split', () => {
    expect(answer(503, { code: 'unavailable', message: 'full' }, '2')).toEqual({
      retry: 'it answered 503 (unavailable: full)',
      retryAfterMs: 2_000,
    });
    for (const status of [408, 429, 500, 502, 504]) expect(answer(status)).toHaveProperty('retry');
    for (const status of [204, 301, 400, 401, 403, 404, 415]) expect(answer(status)).toHaveProperty('fatal');
    expect(answer(401)).toMatchObject({ fatal: expect.stringContaining('--key') });
    expect(answer(413)).toMatchObject({ done: { split: expect.any(String) } });
  });

  test('errors of PutRecord: throttles and lost connections pass, others do not', () => {
    const error = (name: string, more: object = {}) => Object.assign(new Error('why'), { name }, more);
    const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
    expect(readPutError(error('ProvisionedThroughputExceededException', status(400)))).toHaveProperty('retry');
    expect(readPutError(error('InternalFailure', status(500)))).toHaveProperty('retry');
    expect(readPutError(error('Error', { code: 'ECONNREFUSED' }))).toMatchObject({
      retry: expect.stringContaining('refused'),
    });
    expect(readPutError(error('TimeoutError', { $metadata: {} }))).toHaveProperty('retry');
    expect(readPutError(error('ResourceNotFoundException', status(400)))).toEqual({ missing: true });
    expect(readPutError(error('AccessDeniedException', status(400)))).toHaveProperty('fatal');
    expect(readPutError(error('CredentialsProviderError'))).toMatchObject({
      fatal: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
    expect(readPutError(new Error('Region is missing'))).toMatchObject({
      fatal: expect.stringContaining('AWS_REGION'),
    });
  });

  test('quantiles are within 0.1 % of the sorted truth', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 60_000, noNaN: true }), { minLength: 1 }), (durations) => {
        const latency = createLatency();
        for (const ms of durations) latency.add(ms);
        const sorted = [...durations].sort((a, b) => a - b);
        const { p50, p95, max } = latency.quantiles()!;
        for (const [found, share] of [
          [p50, 0.5],
          [p95, 0.95],
        ] as const) {
          const truth = sorted[Math.ceil(share * sorted.length) - 1]!;
          expect(Math.abs(found - truth)).toBeLessThanOrEqual(truth * 0.001 + 0.11);
        }
        expect(Math.abs(max - sorted.at(-1)!)).toBeLessThanOrEqual(0.06);
      }),
    );
  });
});
