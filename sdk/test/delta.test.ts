import { describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { TooLong, undelta } from '../src/schema/index.js';
import { deltaOf } from '../src/tracker/send/delta.js';

describe('what repeats in the lines of a page that is left', () => {
  test(`is put back by the server, whatever the lines are${leavesOut('200 of 1,000 runs')}`, () => {
    const few = fc.constantFrom('', 'a', '"', '\\', '\n', '\t', 'ü', '😀');
    const json = fc.oneof(
      fc.dictionary(few, fc.oneof(few, fc.integer(), fc.constant(null))).map((value) => JSON.stringify(value)),
      fc.json({ noUnicodeString: false }),
    );
    fc.assert(
      fc.property(fc.array(json, { minLength: 1 }), (lines) => {
        expect(undelta(deltaOf(lines), Infinity).split('\n')).toEqual(lines);
      }),
      { numRuns: inForm(200, 1_000) },
    );
  });

  test('is left out: events of one page have a third of their length', () => {
    const lines = Array.from({ length: 30 }, (_, seq) =>
      JSON.stringify({
        event: 'liked_item',
        properties: { item_name: `The Trial, volume ${seq}`, category: 'books', currency: 'EUR', list: 'summer' },
        page: 'books',
        url: 'https://shop.example/books/the-trial',
        event_id: `0192f0c1-${1000 + seq}-7aaa-8bbb-0123456789ab`,
        event_time: `2026-11-25T08:00:00.${100 + seq}Z`,
        visitor_id: 'mwvuylsf2de29707fdcc',
        session_id: 'mwvuylsfa8ed4935dc1f',
        stream_id: 'mwvuylsff709c4ccb3d1',
        seq,
      }),
    );
    expect(deltaOf(lines).length).toBeLessThan(lines.join('\n').length / 2.5);
  });

  test('unfolds to no more than it may', () => {
    const bomb = `"${'x'.repeat(1000)}"${'\n""'.repeat(1000)}`;
    expect(undelta(bomb, 1_010_000)).toHaveLength(1_004_002);
    expect(() => undelta(bomb, 1_000_000)).toThrow(TooLong);
  });

  test('of lines that nobody left anything out of: nothing is changed but empty texts', () => {
    expect(undelta('{"a":1}\n{"b":2}', 100)).toBe('{"a":1}\n{"b":2}');
    expect(undelta('', 100)).toBe('');
  });
});
