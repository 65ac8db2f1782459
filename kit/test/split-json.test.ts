import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { splitAnywhere, splitJson, splitLines } from '../src/split-json.js';

const texts = (data: Buffer) => splitJson(data)?.map(({ start, end }) => data.toString('utf8', start, end));
const split = (text: string) => texts(Buffer.from(text));

describe('de-aggregation of JSON', () => {
  test('splits values on lines and values without anything between them, and keeps their bytes', () => {
    expect(split('{"a": 1}\n {"b":"}{\\"["}\r\n\n{"c":[{"d":1}]}')).toEqual([
      '{"a": 1}',
      '{"b":"}{\\"["}',
      '{"c":[{"d":1}]}',
    ]);
    expect(split('{"a":1}{"b":2}\n{"c":3} {"d":4}')).toEqual(['{"a":1}', '{"b":2}', '{"c":3}', '{"d":4}']);
    expect(split('{\n  "a": 1\n}\n{\n  "b": 2\n}')).toEqual(['{\n  "a": 1\n}', '{\n  "b": 2\n}']);
    expect(split('{"ä":"√"}\n{"b":"😀}"}')).toEqual(['{"ä":"√"}', '{"b":"😀}"}']);
  });

  test('arrays are not split', () => {
    expect(split('[{"a":1},{"b":2}]')).toEqual(['[{"a":1},{"b":2}]']);
  });

  test.each(['', ' \n', 'text', '{"a":1}\ntext', '{"a":1', '{"a":1}}', '{"a":"1}', '{"a":1},{"b":2}'])(
    'a record that is not JSON throughout stays whole: %j',
    (text) => expect(split(text)).toBeUndefined(),
  );

  test('500 sub-records are split, 501 are not, whether on lines or not', () => {
    for (const separator of ['\n', '']) {
      expect(split(Array(500).fill('{"a":1}').join(separator))).toHaveLength(500);
      expect(split(Array(501).fill('{"a":1}').join(separator))).toBeUndefined();
    }
  });

  const separator = fc.constantFrom('', '\n', ' ', '\r\n', '\n\n', '\t');
  const container = fc.oneof(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), fc.array(fc.jsonValue()));

  test('values written one after the other come apart again, each with its own bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(container, fc.constantFrom(0, 2), separator), { minLength: 1, maxLength: 30 }),
        (parts) => {
          const written = parts.map(([value, indent]) => JSON.stringify(value, null, indent));
          expect(split(written.map((text, index) => text + parts[index]![2]).join(''))).toEqual(written);
        },
      ),
    );
  });

  test('where every line is JSON, the fast path finds what the general one finds', () => {
    const line = fc.oneof(
      container.map((value) => JSON.stringify(value)),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.constantFrom('', ' ', '{"a":1}{"b":2}', '1 2', '"a" ', ' {"a":"\\"}"}\r', 'x', '{', '}', '"', '\u00e4'),
    );
    let fast = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const data = Buffer.from(lines.join('\n'));
        const found = splitLines(data);
        if (!found) return;
        fast++;
        expect(found).toEqual(splitAnywhere(data));
      }),
      { numRuns: 2_000 },
    );
    expect(fast).toBeGreaterThan(100);
  });

  test('no bytes whatever make it fail, and what it finds lies within the record, in order', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom(...'{}[]",:\\ \n1a'), { maxLength: 40 }).map((text) => Buffer.from(text.join(''))),
    );
    fc.assert(
      fc.property(bytes, (data) => {
        let last = 0;
        for (const { start, end } of splitJson(Buffer.from(data)) ?? []) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(data.length);
      }),
      { numRuns: 2_000 },
    );
  });
});
