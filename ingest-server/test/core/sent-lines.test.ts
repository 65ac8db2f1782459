import { describe, expect, test } from '@jest/globals';
import { defaultCatalogue } from '@millrace/sdk/schema';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { declaredNames, takeIn } from '../../src/core/intake/intake.js';
import { formatTime, parseTime } from '../../src/core/intake/iso-time.js';
import { jsonLines } from '../../src/core/intake/json-lines.js';
import { judge } from '../../src/core/intake/judge.js';
import { createTimeCorrection } from '../../src/core/intake/occurred-at.js';
import { type SentLine, textOf } from '../../src/core/intake/sent-line.js';
import { batchKey } from '../../src/core/repeats/batch-key.js';
import { someEvent } from '../support/events.js';

const linesOf = (text: string | Buffer) => jsonLines(Buffer.from(text as string));
const textsOf = (text: string | Buffer) => linesOf(text).map(textOf);

const context = {
  names: declaredNames(defaultCatalogue),
  receivedAt: Date.parse('2026-11-23T08:00:01.005Z'),
  sentAt: Date.parse('2026-11-23T08:00:00.000Z'),
  sentBytes: 1e6,
  site: 'shop',
  isBot: false,
  keepEvents: false,
  isRepeat: () => false,
  newId: () => 'made-id',
};
const stamp = {
  received_at: '2026-11-23T08:00:01.005Z',
  occurred_at: '2026-11-23T08:00:01.005Z',
  site: 'shop',
  is_bot: false,
};
const store = (text: string | Buffer, keepEvents = false) => {
  const { chunks, ...rest } = takeIn(linesOf(text), { ...context, keepEvents });
  return { ...rest, stored: chunks.map(({ data }) => data.toString()).join('') };
};

describe('lines', () => {
  test('are what stands between line ends, blank ones left out', () => {
    expect(textsOf('{"a":1}\r\n\n  \n {"b":2} \nx')).toEqual(['{"a":1}', '{"b":2}', 'x']);
    expect(textsOf('{"a":"\r\n{"b":2}\r')).toEqual(['{"a":"', '{"b":2}']);
    expect(textsOf('\u00a0{}\u00a0\n{}\u00a0')).toEqual(['{}', '{}\u00a0']);
    fc.assert(
      fc.property(fc.array(fc.json()), fc.constantFrom('\n', '\r\n', '\n\n'), (texts, end) => {
        expect(textsOf(texts.join(end))).toEqual(texts);
      }),
    );
  });

  test(`however broken: the same as splitting the text${leavesOut('200 of 2,000 runs')}`, () => {
    const unit = fc.constantFrom(
      '{',
      '}',
      '"',
      '\\',
      ':',
      ',',
      '1',
      '-',
      '.',
      'e',
      'E',
      ' ',
      '\n',
      '\r',
      '\t',
      'ß',
      '\ufeff',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        const expected = text
          .split('\n')
          .map((line) => (line.startsWith('{') ? line.replace(/\r$/, '') : line.trim()))
          .filter((line) => line !== '');
        expect(textsOf(text)).toEqual(expected);
      }),
      { numRuns: inForm(200, 2_000) },
    );
  });

  test('no more are read than are wanted', () => {
    expect(jsonLines(Buffer.from('{}\n'.repeat(10)), 3)).toHaveLength(3);
  });
});

describe('an event that needs nothing but the stamp is stored in the bytes that were sent', () => {
  test('in the order of its keys, whatever its letters', () => {
    const sent = JSON.stringify({
      properties: { a: [1, { b: 0.25 }, -7, [], {}], c: true, d: null, e: false },
      ...someEvent({ title: 'Ünï 😀', item_price: 12.5, seq: 1_234_567, referrer: '' }),
    });
    expect(store(`${sent}\r\n`).stored).toBe(
      `${sent.slice(0, -1)},"received_at":"${stamp.received_at}","occurred_at":"${stamp.occurred_at}","site":"shop","is_bot":false}\n`,
    );
    expect(judge(sent)).toMatchObject({ isExact: true });
  });

  test.each<[string, (text: string) => string]>([
    ['a key that is there twice', (text) => text.replace('{', '{"page":"cart",')],
    ['a key that is there twice, once escaped', (text) => text.replace('{', '{"\\u0070age":"cart",')],
    ['a key of properties that is there twice', (text) => text.replace('"k":1', '"k":"secret","k":1')],
    [
      'a number key that is there twice, balanced by a shorter spelling',
      (text) => text.replace('"seq":100000', '"seq":1,"seq":1e5'),
    ],
    ['a whole number written as a fraction', (text) => text.replace('"seq":100000', '"seq":100000.0')],
    [
      'a fraction without its point, another with one too many',
      (text) => text.replace('"seq":100000', '"seq":100000.0').replace('"item_price":2.5', '"item_price":25e-1'),
    ],
    ['a whole number with an exponent', (text) => text.replace('"seq":100000', '"seq":1E5')],
    ['minus nought', (text) => text.replace('"seq":100000', '"seq":-0')],
    ['an escape', (text) => text.replace('"title":"', '"title":"\\u0041')],
    ['half of a surrogate pair', (text) => text.replace('"title":"', '"title":"\\ud800')],
    ['spaces', (text) => text.replaceAll('":', '": ')],
    ['an exponent and spaces that fill up', (text) => text.replace('"seq":100000', '"seq":1e5   ')],
    ['a tab between values', (text) => text.replace(',', ',\t')],
    ['a carriage return between values', (text) => text.replace(',', ',\r')],
  ])('but not with %s: then every reader sees what JSON.parse saw', (_, spell) => {
    const plain = JSON.stringify(someEvent({ seq: 100_000, item_price: 2.5, title: 'a', properties: { k: 1 } }));
    const text = spell(plain);
    expect(text).not.toBe(plain);
    const { stored, accepted } = store(text);
    expect(accepted).toBe(1);
    const value = { ...(JSON.parse(text) as { title: string }), ...stamp };
    const written = stored.replace('\\ufffd', '\ufffd');
    expect(written).toBe(`${JSON.stringify({ ...value, title: value.title.replace('\ud800', '\ufffd') })}\n`);
  });

  test('an undeclared name is written anew, under both names', () => {
    const { stored, warnings } = store(JSON.stringify(someEvent({ page: 'garden' })));
    expect(JSON.parse(stored)).toMatchObject({ page: '_other', page_as_sent: 'garden', ...stamp });
    expect(warnings).toHaveLength(1);
  });

  test('broken UTF-8 is stored as what it was read as', () => {
    const [before, after] = JSON.stringify(someEvent({ title: '|' })).split('|') as [string, string];
    const sent = Buffer.concat([Buffer.from(before), Buffer.from([0xed, 0xa0, 0x80, 0xff]), Buffer.from(after)]);
    expect((JSON.parse(store(sent).stored) as { title: string }).title).toBe('\ufffd'.repeat(4));
  });

  test('what the observer gets is what is stored', () => {
    const text = [someEvent(), someEvent({ page: 'garden', title: '\\' })]
      .map((event) => JSON.stringify(event))
      .join('\n');
    const { stored, events } = store(text, true);
    expect(
      stored
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual(events);
  });

  test(`what is stored and answered does not depend on whether a line had to be decoded${leavesOut('100 of 1,000 runs')}`, () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'é', '\u0080', 'ß', '日', '😀'), maxLength: 6 });
    const long = (most: number) => fc.tuple(letters, fc.nat(most)).map(([text, times]) => text.repeat(times));
    const event = fc.record(
      {
        title: long(80),
        url: long(300),
        visitor_id: fc.oneof(fc.constant('visitor'), long(12)),
        page: fc.constantFrom('cart', 'cart', 'garden', 'é'),
        properties: fc.dictionary(fc.oneof(letters, fc.constant('__proto__')), fc.oneof(letters, long(300)), {
          maxKeys: 3,
        }),
      },
      { requiredKeys: [] },
    );
    const spell = fc.oneof(
      { weight: 6, arbitrary: fc.constant(String) },
      fc.constantFrom<(text: string) => string>(
        (text) => text.replace(':', ': '),
        (text) => text.replace('{', '{"title":"é",'),
        (text) => text.replace('{', '{"é":"é",'),
        (text) => text.replace('":"', '":"\\n'),
        (text) => text.slice(0, -3),
      ),
    );
    const take = (lines: readonly SentLine[]) => {
      const { chunks, ...rest } = takeIn(lines, context);
      return JSON.stringify({ ...rest, chunks: chunks.map((chunk) => ({ ...chunk, data: chunk.data.toString() })) });
    };
    let [spared, accepted] = [0, 0];
    fc.assert(
      fc.property(event, spell, (some, spelt) => {
        const lines = linesOf(spelt(JSON.stringify(someEvent(some))));
        const taken = take(lines);
        expect(taken).toBe(take(lines.map((line) => ({ ...line, chars: textOf(line), isDecoded: true }))));
        if (lines.every(({ isDecoded }) => isDecoded)) return;
        spared += 1;
        accepted += taken.includes('"accepted":1') ? 1 : 0;
      }),
      { numRuns: inForm(100, 1_000) },
    );
    expect(Math.min(accepted, spared - accepted)).toBeGreaterThan(inForm(10, 100));
  });

  const base = JSON.stringify(someEvent({ seq: 7 })).slice(0, -1);
  const within = (properties: string) => `${base},"properties":${properties}}`;
  const isExact = (line: string) => {
    const judged = judge(line);
    return judged.event !== undefined && judged.isExact;
  };

  /** A JSON text in one of its many spellings, and whether a key is there twice. */
  const spelling = fc.letrec<{ value: { text: string; twice: boolean } }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc
        .constantFrom(
          '1',
          '10',
          '1.0',
          '1.5',
          '1e1',
          '1E1',
          '-1',
          '-0',
          '0.0',
          '15e-1',
          'true',
          'false',
          'null',
          '""',
          '"a"',
          '"é."',
          '"\\u0041"',
          '"\\\\"',
        )
        .map((text) => ({ text, twice: false })),
      fc.array(tie('value'), { maxLength: 3 }).map((parts) => ({
        text: `[${parts.map(({ text }) => text).join(',')}]`,
        twice: parts.some(({ twice }) => twice),
      })),
      fc
        .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('', ' '), tie('value')), { maxLength: 4 })
        .map((parts) => ({
          text: `{${parts.map(([key, space, { text }]) => `"${key}"${space}:${text}`).join(',')}}`,
          twice: new Set(parts.map(([key]) => key)).size < parts.length || parts.some(([, , { twice }]) => twice),
        })),
    ),
  }));

  test(`only what JSON.stringify would write, in the order of its keys, ever counts as exact${leavesOut('500 of 5,000 runs')}`, () => {
    let exact = 0;
    fc.assert(
      fc.property(spelling.value, ({ text, twice }) => {
        const line = within(`{"v":${text}}`);
        if (!isExact(line)) return;
        exact += 1;
        expect([text, twice]).toEqual([text, false]);
        expect(JSON.stringify(JSON.parse(line))).toBe(line);
      }),
      { numRuns: inForm(500, 5_000) },
    );
    expect(exact).toBeGreaterThan(inForm(30, 300));
  });

  test(`no number that is spelt in another way counts as exact${leavesOut('1,000 of 10,000 runs')}`, () => {
    const number = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 100, 0.05, 1e21, 120, 1e16, 2 ** 60, -787156244565622.2),
    );
    const spellings = (value: number) => [
      `${value}`,
      value.toFixed(1),
      value.toFixed(2),
      value.toExponential(),
      value.toExponential().replace('+', ''),
      value.toExponential().replace('e', 'E'),
      value.toPrecision(3),
      value.toPrecision(20),
      `${value / 10}e1`,
      `${value * 10}e-1`,
      `-${value}`,
      '9999999999999999',
      '1234567890123456789',
      '-0',
    ];
    const room = fc.constantFrom('', ' ', '  ', ',"v":1', ',"v":""');
    let exact = 0;
    fc.assert(
      fc.property(number, fc.nat(13), room, (value, which, filler) => {
        const line = within(`{"v":${spellings(value)[which]}${filler}}`);
        if (!isExact(line)) return;
        exact += 1;
        // Where there are more digits than a double has, they are those that were sent; any reader makes the same
        // double of them.
        const parsed = (JSON.parse(line) as { properties: { v: number } }).properties.v;
        const digits = /"v":(-?[0-9]+(?:\.[0-9]*[1-9])?)}}$/.exec(line)?.[1];
        const isFull = digits !== undefined && digits.replace(/\D/g, '').length > 15;
        if (isFull && digits.includes('.') === !Number.isInteger(parsed)) expect(Number(digits)).toBe(parsed);
        else expect(JSON.stringify(JSON.parse(line))).toBe(line);
      }),
      { numRuns: inForm(1_000, 10_000) },
    );
    expect(exact).toBeGreaterThan(inForm(10, 100));
  });
});

describe('times', () => {
  const timeRange = { from: Date.parse('0000-01-01T00:00:00.000Z'), to: Date.parse('9999-12-31T23:59:59.999Z') };

  test(`are read and written as Date does${leavesOut('200 of 2,000 runs')}`, () => {
    const time = fc.oneof(
      fc.date({ min: new Date(timeRange.from), max: new Date(timeRange.to), noInvalidDate: true }).map(Number),
      fc.integer({ min: -5_000, max: 5_000 }),
      fc.constantFrom(timeRange.from, timeRange.to),
    );
    fc.assert(
      fc.property(time, (ms) => {
        const text = new Date(ms).toISOString();
        expect([formatTime(ms), parseTime(text)]).toEqual([text, ms]);
      }),
      { numRuns: inForm(200, 2_000) },
    );
  });
});

describe('when an event happened', () => {
  const receivedAt = Date.parse('2026-11-23T08:00:00.000Z');
  const day = 24 * 60 * 60 * 1000;
  const received = { at: '2026-11-23T08:00:00.000Z', isClockOff: true };
  const at = (ms: number) => ({ at: new Date(ms).toISOString(), isClockOff: false });

  test.each<[string, string, number | undefined, object]>([
    ['a clock that is right', '2026-11-23T07:59:50.000Z', receivedAt, at(receivedAt - 10_000)],
    ['two hours slow', '2026-11-23T05:59:50.000Z', receivedAt - day / 12, at(receivedAt - 10_000)],
    ['a month fast', '2026-12-23T07:59:50.000Z', receivedAt + 30 * day, at(receivedAt - 10_000)],
    [
      'a year slow, and the event waited for a week',
      '2025-11-16T08:00:00.000Z',
      receivedAt - 365 * day,
      at(receivedAt - 7 * day),
    ],
    [
      'an old log, by a right clock',
      '2012-01-01T00:00:00.000Z',
      receivedAt,
      at(Date.parse('2012-01-01T00:00:00.000Z')),
    ],
    ['sent in 1970', '2026-11-23T07:59:50.000Z', 0, received],
    ['in 2036', '2036-02-07T06:28:16.000Z', Date.parse('2036-02-07T06:28:17.000Z'), received],
    ['in the year 1', '0001-01-01T00:00:00.000Z', receivedAt, received],
    ['in 9999', '9999-12-31T23:59:59.999Z', receivedAt, received],
    ['sent at the end of all times', '2026-11-23T07:59:50.000Z', 999_999_999_999_999, received],
    ['after it was sent', '2026-11-23T08:02:00.000Z', receivedAt, received],
    [
      'at a time nobody sent, and before now',
      '2026-11-22T08:00:00.000Z',
      undefined,
      { at: undefined, isClockOff: false },
    ],
    ['at a time nobody sent, and still to come', '2036-01-01T00:00:00.000Z', undefined, received],
    ['at a time nobody sent, of the Romans', '0044-03-15T12:00:00.000Z', undefined, received],
  ])('%s', (_, eventTime, sentAt, expected) => {
    expect(createTimeCorrection(receivedAt, sentAt)(eventTime)).toEqual(expected);
  });

  test('is never in the future, nor before the web, whatever a device says', () => {
    const time = fc.date({
      min: new Date('0000-01-01T00:00:00.000Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(time, fc.option(fc.nat({ max: 999_999_999_999_999 }), { nil: undefined }), (told, sentAt) => {
        const { at: text, isClockOff } = createTimeCorrection(receivedAt, sentAt)(told.toISOString());
        const ms = Date.parse(text ?? told.toISOString());
        expect(ms).toBeLessThanOrEqual(receivedAt + 60_000);
        expect(ms).toBeGreaterThanOrEqual(Date.parse('1995-01-01'));
        if (isClockOff) expect(ms).toBe(receivedAt);
      }),
      { numRuns: 200 },
    );
  });

  test('stands in the row, with a mark where the device cannot be right, spliced or written anew', () => {
    const event = someEvent({ event_time: '2036-02-07T06:28:16.000Z' });
    for (const text of [
      JSON.stringify(event),
      JSON.stringify({ ...event, page: 'garden' }),
      JSON.stringify(event, null, ' ').replaceAll('\n', ''),
    ]) {
      expect(JSON.parse(store(text).stored)).toMatchObject({
        event_time: '2036-02-07T06:28:16.000Z',
        received_at: stamp.received_at,
        occurred_at: stamp.received_at,
        clock_off: true,
      });
    }
  });
});

describe('what a batch is remembered by', () => {
  const key = (text: string | Buffer, batch = 'b') => batchKey('k', batch, linesOf(text));

  test('does not depend on line ends and blank lines, and on nothing else it does not', () => {
    const text = '{"a":1}\n{"b":"é"}';
    for (const same of [`${text}\n`, '{"a":1}\r\n{"b":"é"}\r\n', '\n{"a":1}\n \n{"b":"é"}']) {
      expect(key(same)).toBe(key(text));
    }
    const others = ['{"a":1}{"b":"é"}', '{"a":1}\n{"b":"e"}', '{"a":1}', '{"b":"é"}\n{"a":1}', '{"a":1}\n{"b":"é"} '];
    const keys = [key(text), key(text, 'c'), ...others.map((other) => key(other))];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
