import { describe, expect, test } from '@jest/globals';
import { uuidV7 } from '@millrace/kit/uuid';
import { eventSchema, quarantinedEventSchema } from '@millrace/sdk/schema';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { recordLimits } from '../../src/core/chunk.js';
import { evenRanges, middleOf } from '../../src/core/delivery/hash-ranges.js';
import { hashOf, laneOf } from '../../src/core/hash.js';
import { createChunker } from '../../src/core/intake/chunker.js';
import { jsonElements, ShapeError } from '../../src/core/intake/json-elements.js';
import { quarantineLines, quarantineSlack } from '../../src/core/intake/quarantine.js';
import { serialise } from '../../src/core/intake/serialise.js';
import { someEvent } from '../support/events.js';

const space = fc.constantFrom('', ' ', '\n', '\t \r\n');

describe('json elements', () => {
  test('an array gives back each element as it was sent, in any spacing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(space, fc.json(), space)), space, (parts, around) => {
        const body = `${around}[${parts.map(([before, json, after]) => before + json + after).join(',')}${around}]${around}`;
        expect(jsonElements(body)).toEqual(parts.map(([, json]) => json));
        const wrapped = `${around}{"first":${body},"events" :${body}${around},"last":"]"}`;
        expect(jsonElements(wrapped)).toEqual(parts.map(([, json]) => json));
      }),
    );
  });

  test('no more are cut out than are asked for, whatever comes behind them', () => {
    expect(jsonElements('[1,2,3,4,,,,', 3)).toEqual(['1', '2', '3']);
    expect(jsonElements('{"events":[1,2,3,4]}', 3)).toEqual(['1', '2', '3']);
    expect(jsonElements('[1,2,3]', 3)).toEqual(['1', '2', '3']);
  });

  test('what is round the events must be JSON; whether an event is, is asked of it alone', () => {
    for (const body of [
      ...[
        '',
        ' ',
        '7',
        '"x"',
        'nonsense',
        '[',
        '[1',
        '[1,',
        '[1,]',
        '[,1]',
        '[1 2]',
        '[1]]',
        '[1}',
        '[] x',
        '{',
        '{"a"',
      ],
      ...['{"a":', '{"a":}', '{"a":1', '{"a":1,}', '{"a" 1}', '{a:1}', '{"a":1} {}', '{"events":1}', '{"events":{}}'],
      ...['{"events":[1}', '{"events":[1],"events":2}', '["', '["\\"]', '[{]'],
    ]) {
      expect(() => jsonElements(body)).toThrow(ShapeError);
    }
    expect(jsonElements('[{"a":nope},{"b":1}]')).toEqual(['{"a":nope}', '{"b":1}']);
  });

  test('the last of two keys counts, however it is written', () => {
    expect(jsonElements('{"events":[1],"\\u0065vents":[2,{"events":[3]}]}')).toEqual(['2', '{"events":[3]}']);
    expect(jsonElements(' {"a":{"events":[]}} ')).toEqual(['{"a":{"events":[]}}']);
  });
});

describe('serialise', () => {
  test('writes what JSON.parse reads back, with no half of a surrogate pair', () => {
    const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });
    const nearly = fc.string({ unit: fc.constantFrom('\\', 'u', 'd', '8', '0', '\ud83d', '\ude00') });
    const wellFormed = (value: string) => Buffer.from(value).toString();
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(text, nearly), fc.oneof(text, nearly)), (value) => {
        const read = JSON.parse(serialise(value)) as Record<string, string>;
        const expected = new Map(Object.entries(value).map(([key, one]) => [wellFormed(key), wellFormed(one)]));
        expect(new Map(Object.entries(read))).toEqual(expected);
      }),
    );
  });
});

describe('quarantine', () => {
  test(`a row fits one record whatever was sent, and what is kept is the beginning of it${leavesOut('10 of 30 runs')}`, () => {
    const unit = fc.constantFrom('a', '"', '\u0000', 'é', '😀', '\\');
    fc.assert(
      fc.property(
        fc.string({ unit, minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 300_000 }),
        (part, times) => {
          const raw = part.repeat(times).slice(0, 1_048_576);
          const rejection = { index: 0, code: 'event_too_large', path: '', message: 'is too large' } as const;
          const receivedAt = '2026-11-23T08:00:00.000Z';
          const [kept] = quarantineLines([{ rejection, eventId: 'x', hash: 1, raw }], {
            stamp: { received_at: receivedAt },
            maxBytes: 1e7,
          });
          const line = kept!.line;
          expect(Buffer.byteLength(line)).toBeLessThan(recordLimits.bytes);
          const row = quarantinedEventSchema.parse(JSON.parse(line));
          expect(raw.startsWith(row.raw)).toBe(true);
          expect(row.raw.length === raw.length).toBe(!row.reason.includes('only the first'));
        },
      ),
      { numRuns: inForm(10, 30) },
    );
  });
});

describe('the quarantine of a batch', () => {
  const receivedAt = '2026-11-23T08:00:00.000Z';
  const quarantined = (raws: string[], sentBytes: number) => {
    const rejected = raws.map((raw, index) => ({
      rejection: { index, code: 'invalid_json' as const, path: '', message: 'is not JSON' },
      eventId: 'x'.repeat(36),
      hash: index,
      raw,
    }));
    return quarantineLines(rejected, { stamp: { received_at: receivedAt }, maxBytes: sentBytes + quarantineSlack }).map(
      ({ line }) => line,
    );
  };
  const rowsOf = (lines: string[]) => lines.map((line) => quarantinedEventSchema.parse(JSON.parse(line)));

  test('holds at most what was sent and 16 KiB, and of each text its beginning; what has no row is counted', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.tuple(fc.constantFrom('a', '"', '\u0001', 'é', '😀'), fc.nat(30_000)).map(([part, n]) => part.repeat(n)),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 300 }), fc.constantFrom(1, 30, 4_000), (raws, ratio) => {
        const sentBytes = Math.ceil(raws.join('\n').length / ratio);
        const lines = quarantined(raws, sentBytes);
        const stored = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
        expect(stored).toBeLessThanOrEqual(sentBytes + 16 * 1024);
        const rows = rowsOf(lines);
        expect(rows.length).toBeGreaterThan(0);
        const left = [...raws];
        for (const { raw, reason } of rows) {
          const isCut = reason.includes('only the first');
          const at = left.findIndex((one) => one.startsWith(raw) && (isCut || one.length === raw.length));
          expect(at).toBeGreaterThanOrEqual(0);
          left.splice(at, 1);
        }
        const said = rows.map(({ reason }) => Number(/; (\d+) more rejected/.exec(reason)?.[1] ?? 0));
        expect(said.reduce((a, b) => a + b)).toBe(left.length);
      }),
      { numRuns: 30 },
    );
  });

  test('keeps the small texts whole beside one that is too large, in the order in which they came', () => {
    const rows = rowsOf(quarantined(['first', 'x'.repeat(1_000_000), 'third', 'fourth'], 1_000));
    expect(rows.map(({ raw }) => raw.slice(0, 6))).toEqual(['first', 'xxxxxx', 'third', 'fourth']);
    expect(rows[1]!.raw.length).toBeGreaterThan(14_000);
    expect(rows[1]!.reason).toMatch(/only the first 1\d{4} of its 1000000 bytes are kept$/);
  });

  test('of a tracker whose every event is wrong is whole: ten events zipped, fifty as text', () => {
    const raw = (n: number) => `{"event_id":"${'1'.repeat(36)}","n":${n},"url":"${'u'.repeat(500)}"}`;
    for (const [count, sentBytes] of [
      [10, 700],
      [50, 27_500],
    ] as const) {
      const raws = Array.from({ length: count }, (_, n) => raw(n));
      expect(rowsOf(quarantined(raws, sentBytes)).map((row) => row.raw)).toEqual(raws);
    }
  });
});

describe('chunks', () => {
  test(`a visitor’s lines stay together and in order, and no chunk is larger than a record${leavesOut('10 of 30 runs')}`, () => {
    const line = fc.record({ visitor: fc.nat(3), length: fc.constantFrom(1, 500, 16_000) });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 500 }), (lines) => {
        const chunker = createChunker();
        for (const [i, { visitor, length }] of lines.entries()) chunker.add(visitor, `${i}:${'é'.repeat(length)}`);
        const chunks = chunker.finish();
        for (const visitor of [0, 1, 2, 3]) {
          const mine = chunks.filter(({ hash }) => hash === visitor);
          const text = mine.map(({ data }) => data.toString()).join('');
          const expected = lines.flatMap((one, i) =>
            one.visitor === visitor ? [`${i}:${'é'.repeat(one.length)}\n`] : [],
          );
          expect(text).toBe(expected.join(''));
          expect(mine.reduce((sum, { events }) => sum + events, 0)).toBe(expected.length);
        }
        for (const { data, events } of chunks) {
          expect(data.length).toBeLessThanOrEqual(recordLimits.bytes);
          expect(events).toBeLessThanOrEqual(recordLimits.events);
        }
      }),
      { numRuns: inForm(10, 30) },
    );
  });
});

describe('lanes', () => {
  test('equal visitors spread evenly: the busiest of 16 lanes has at most 1.2 times the mean', () => {
    for (const name of [(i: number) => `v${i}`, (i: number) => uuidV7(1_795_000_000_000 + i)]) {
      const counts = Array<number>(16).fill(0);
      for (let i = 0; i < 100_000; i++) counts[laneOf(hashOf(name(i)), 16)]! += 1;
      expect(Math.max(...counts)).toBeLessThanOrEqual(1.2 * (100_000 / 16));
    }
  });

  test('every hash has a lane, and every lane’s hash key is inside its shard', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1, max: 5_000 }), (hash, lanes) => {
        expect(laneOf(hash, lanes)).toBeGreaterThanOrEqual(0);
        expect(laneOf(hash, lanes)).toBeLessThan(lanes);
      }),
    );
    for (const count of [1, 3, 8]) {
      const ranges = evenRanges(count);
      expect(ranges[0]!.start).toBe(0n);
      expect(ranges.at(-1)!.end).toBe(2n ** 128n - 1n);
      ranges.forEach((range, i) => {
        const key = BigInt(middleOf(range));
        expect(key > range.start && key < range.end).toBe(true);
        if (i > 0) expect(range.start).toBe(ranges[i - 1]!.end + 1n);
      });
    }
  });
});

test('a made id is a UUIDv7 that the schema takes', () => {
  for (let i = 0; i < 100; i++) {
    expect(eventSchema.safeParse(someEvent({ event_id: uuidV7(Date.now()) })).error).toBeUndefined();
  }
});
