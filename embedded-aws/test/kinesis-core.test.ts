import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatSequenceNumber, parseSequenceNumber } from '../src/kinesis/sequence-number.js';
import { decodeShardIterator, encodeShardIterator } from '../src/kinesis/shard-iterator.js';
import { createShardLimits } from '../src/kinesis/shard-limits.js';
import { hashKeyOf, shardFor } from '../src/kinesis/shard-map.js';

const sequenceNumber = fc.record({
  shardCreatedSeconds: fc.integer({ min: 0, max: 16_000_000_000 }),
  shardIndex: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  index: fc.maxSafeNat(),
  writtenSeconds: fc.integer({ min: 0, max: 16_000_000_000 }),
});

describe('sequence numbers', () => {
  test('are read back as they were written', () => {
    fc.assert(
      fc.property(sequenceNumber, (number) => {
        expect(parseSequenceNumber(formatSequenceNumber(number))).toEqual(number);
      }),
    );
  });

  test('of one shard are ordered as text by their index', () => {
    fc.assert(
      fc.property(sequenceNumber, sequenceNumber, (one, other) => {
        const twin = { ...other, shardCreatedSeconds: one.shardCreatedSeconds, shardIndex: one.shardIndex };
        fc.pre(one.index !== twin.index);
        expect(formatSequenceNumber(one) < formatSequenceNumber(twin)).toBe(one.index < twin.index);
      }),
    );
  });

  test.each(['', '0', '1', 'abc', '9'.repeat(56), '1'.repeat(56), '4'.repeat(55)])('refuse %p', (text) => {
    expect(parseSequenceNumber(text)).toBeUndefined();
  });
});

describe('shards', () => {
  test('a partition key belongs to the shard whose range holds its MD5', () => {
    const top = 1n << 128n;
    const shards = [0n, 1n, 2n, 3n].map((i) => ({
      shardId: `shardId-${String(i).padStart(12, '0')}`,
      index: Number(i),
      createdSeconds: 0,
      startingHashKey: (top / 4n) * i,
      endingHashKey: (top / 4n) * (i + 1n) - 1n,
    }));
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (key) => {
        const quarter = createHash('md5').update(key).digest()[0]! >> 6;
        expect(shardFor(hashKeyOf(key), shards)?.index).toBe(quarter);
      }),
    );
    expect(shardFor(hashKeyOf('any', String(top - 1n)), shards)?.index).toBe(3);
    expect(shardFor(hashKeyOf('any', '0'), shards)?.index).toBe(0);
    expect(shardFor(hashKeyOf('any', String(top)), shards)).toBeUndefined();
  });
});

describe('shard limits', () => {
  const settings = { recordsPerSecond: 10, bytesPerSecond: 1000, readsPerSecond: 5, readBytesPerSecond: 2000 };

  test('over any span, a shard takes no more than one second at once and its rate after that', () => {
    const step = fc.record({ wait: fc.nat(400), bytes: fc.integer({ min: 1, max: 400 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 200 }), (steps) => {
        let at = 0;
        const limits = createShardLimits(settings, () => at);
        let records = 0;
        let bytes = 0;
        for (const { wait, bytes: size } of steps) {
          at += wait;
          if (limits.takeWrite('s', 'shard', size)) {
            records += 1;
            bytes += size;
          }
          expect(records).toBeLessThanOrEqual(10 + (at / 1000) * 10 + 1e-6);
          expect(bytes).toBeLessThanOrEqual(1000 + (at / 1000) * 1000 + 1e-6);
        }
      }),
    );
  });

  test('what keeps to the rate is never refused', () => {
    let at = 0;
    const limits = createShardLimits(settings, () => at);
    for (let i = 0; i < 10; i++) expect(limits.takeWrite('s', 'shard', 100)).toBe(true);
    for (let i = 0; i < 1000; i++) {
      expect(limits.takeWrite('s', 'shard', 1)).toBe(false);
      at += 100;
      expect(limits.takeWrite('s', 'shard', 100)).toBe(true);
    }
  });

  test('a record above the whole limit passes when the allowance is full, and is paid for after', () => {
    let at = 0;
    const limits = createShardLimits(settings, () => at);
    expect(limits.takeWrite('s', 'shard', 3000)).toBe(true);
    at = 1900;
    expect(limits.takeWrite('s', 'shard', 1)).toBe(false);
    at = 2100;
    expect(limits.takeWrite('s', 'shard', 1)).toBe(true);
  });

  test('a clock that is set back neither takes nor gives', () => {
    let at = 10_000;
    const limits = createShardLimits(settings, () => at);
    for (let i = 0; i < 10; i++) expect(limits.takeWrite('s', 'shard', 1)).toBe(true);
    at = 0;
    expect(limits.takeWrite('s', 'shard', 1)).toBe(false);
    at = 1000;
    expect(limits.takeWrite('s', 'shard', 1)).toBe(true);
  });
});

describe('shard iterators', () => {
  const position = { stream: 's', id: 'id', shardIndex: 3, from: 49, sinceMs: 0 };

  test('hold their position for five minutes', () => {
    const iterator = encodeShardIterator(position, 1_000_000);
    expect(decodeShardIterator(iterator, 1_300_000)).toEqual(position);
    expect(() => decodeShardIterator(iterator, 1_300_001)).toThrow(/Iterator expired/);
  });

  test('of any other text are refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map(btoaUtf8)), (text) => {
        expect(() => decodeShardIterator(text, 0)).toThrow('Invalid ShardIterator.');
      }),
    );
  });
});

const btoaUtf8 = (text: string) => Buffer.from(text).toString('base64');
