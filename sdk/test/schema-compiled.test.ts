import { describe, expect, test } from '@jest/globals';
import { anyCharacter } from '@millrace/testing/any-character';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { z } from 'zod';
import { compileObject } from '../src/schema/compile.js';
import { eventSchema, measureEvent } from '../src/schema/index.js';
import { isAsWritten, jsonLength, unclear } from '../src/schema/json-length.js';

const valid = {
  event_id: '0193e7a0-5f2b-7c3d-8e4f-0123456789ab',
  event: 'liked_item',
  page: 'books',
  event_time: '2026-11-23T08:00:00.000Z',
  visitor_id: 'visitor-1',
  session_id: 'session-1',
  stream_id: 'stream-1',
  seq: 0,
  os: 'ios',
  device: 'mobile',
  sdk: 'millrace-test/1.0.0',
};
const optional = {
  after_stream_id: 'stream-0',
  after_seq: 41,
  user_id: 'user',
  url: 'https://shop.example/',
  referrer: '',
  title: 'A title',
  item_id: '1',
  item_name: 'A thing',
  item_quantity: 1_000_000,
  item_price: 12.5,
  currency: 'EUR',
  order_id: 'o',
  properties: { colour: 'red', deep: { deeper: [1] } },
};

/** Texts around the limits, and such as are nearly right. */
const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 70 }),
  fc.constantFrom(0, 1, 2, 47, 48, 49, 63, 64, 65, 255, 256, 257, 2047, 2048, 2049).map((length) => 'a'.repeat(length)),
  fc.constantFrom('😀'.repeat(32), '😀'.repeat(33), 'ß'.repeat(64), '\ud800', '\u0000', 'a\n', 'EUR\n', ' EUR'),
  fc.constantFrom(
    '_other',
    '_quarantine',
    'a-b',
    'A',
    '1a',
    'a1_',
    'millrace-js/1.0.0',
    '/1',
    'a/',
    'a/b/c',
    'eur',
    'EUR',
  ),
  fc.uuid(),
  fc.uuid({ version: 7 }).map((id) => (id.charCodeAt(5) % 2 === 0 ? id.toUpperCase() : `${id}\n`)),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc
    .tuple(fc.integer({ min: 1890, max: 2110 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }))
    .map(([y, m, d]) => `${y}-${String(m).padStart(2, '0')}-${String(d).padStart(2, '0')}T23:59:59.999Z`),
  fc.constantFrom(
    '2026-11-23T08:00:00Z',
    '2026-11-23T08:00:00.000',
    '2026-11-23T24:00:00.000Z',
    '2026-11-23T08:00:60.000Z',
  ),
);
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    -0,
    -1,
    1e6,
    1e6 + 1,
    1e9,
    1e9 + 0.1,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 53 + 2,
    1e308,
    0.5,
    5e-324,
    9_999_999,
    1e7,
  ),
);
const wide = fc
  .tuple(fc.constantFrom(0, 31, 32, 33), fc.constantFrom('', 'x'.repeat(110), '\u0001'.repeat(20), 'ß'.repeat(60), 'ß'))
  .map(([keys, value]) => Object.fromEntries(Array.from({ length: keys }, (_, i) => [`key${i}`, value])));
/** Objects of 4,096 bytes, give or take one. */
const brim = fc.tuple(fc.integer({ min: 4_070, max: 4_100 }), fc.constantFrom('x', 'ß', '"')).map(([bytes, filler]) => {
  const one = Buffer.byteLength(JSON.stringify(filler)) - 2;
  const count = Math.floor((bytes - 10) / one);
  return { k: filler.repeat(count), l: 'y'.repeat(bytes - 10 - count * one) };
});
const nested = fc
  .integer({ min: 0, max: 5 })
  .chain((depth) =>
    fc
      .array(fc.boolean(), { minLength: depth, maxLength: depth })
      .map((arrays) => arrays.reduce<unknown>((inner, isArray) => (isArray ? [inner] : { inner }), 1)),
  );
const anything = fc.oneof(text, number, fc.jsonValue(), wide, brim, nested, fc.constantFrom(null, true, [], {}, [[]]));

const field = fc.constantFrom(...Object.keys(valid), ...Object.keys(optional));
const strangeName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'received_at', 'page_as_sent', 'Event', 'event ', ''),
  fc.string(),
);
/** One change to an event, as text, so that keys come twice and `__proto__` is a key like any other. */
const change = fc.oneof(
  fc.tuple(field, anything).map(([name, value]) => ({ name, value })),
  fc
    .tuple(fc.constant('properties'), fc.oneof(wide, brim, nested, fc.jsonValue()))
    .map(([name, value]) => ({ name, value })),
  fc.tuple(strangeName, anything).map(([name, value]) => ({ name, value })),
  field.map((name) => ({ name, value: undefined })),
);
const eventText = fc
  .tuple(
    fc.subarray(Object.entries(optional)),
    fc.array(change, { maxLength: 3 }),
    fc.array(strangeName, { maxLength: 1 }),
  )
  .map(([some, changes, inside]) => {
    const fields = [...Object.entries(valid), ...some].map(([name, value]) => ({ name, value }));
    const members: { name: string; value: unknown }[] = [...fields, ...changes];
    const gone = new Set(changes.filter(({ value }) => value === undefined).map(({ name }) => name));
    const texts = members
      .filter(({ name }) => !gone.has(name))
      .map(({ name, value }) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
    if (inside.length > 0) texts.push(`"properties":{${JSON.stringify(inside[0])}:{"__proto__":1}}`);
    return `{${texts.join(',')}}`;
  });

const fitsEvent = (value: Record<string, unknown>) => measureEvent(value) !== undefined;

describe('the compiled check of an event', () => {
  test(`accepts and refuses what the Zod schema accepts and refuses${leavesOut('400 of 2,000 runs')}`, () => {
    let accepted = 0;
    fc.assert(
      fc.property(eventText, (json) => {
        const value = JSON.parse(json) as Record<string, unknown>;
        const { success } = eventSchema.safeParse(value);
        if (success) accepted += 1;
        expect([fitsEvent(value), json]).toEqual([success, json]);
      }),
      { numRuns: inForm(400, 2_000) },
    );
    // Neither side is empty, or the sentence would say nothing.
    expect(accepted).toBeGreaterThan(inForm(40, 200));
    expect(accepted).toBeLessThan(inForm(360, 1_800));
  });

  test.each([31, 32, 33, 64, 65])(
    'an id of %i characters outside the BMP is taken by both or by neither',
    (characters) => {
      const event = { ...valid, session_id: '😀'.repeat(characters) };
      expect(fitsEvent(event)).toBe(characters <= 64);
      expect(eventSchema.safeParse(event).success).toBe(characters <= 64);
    },
  );

  test.each(Object.keys({ ...valid, ...optional }))('every field is checked: %s', (name) => {
    const all: Record<string, unknown> = { ...valid, ...optional };
    expect(fitsEvent(all)).toBe(true);
    for (const value of [null, true, -1, 0.5, '', '\u0000'.repeat(3_000), [], { a: 1 }]) {
      const changed = { ...all, [name]: value };
      expect([value, fitsEvent(changed)]).toEqual([value, eventSchema.safeParse(changed).success]);
    }
    const { [name]: _, ...without } = all;
    expect(fitsEvent(without)).toBe(eventSchema.safeParse(without).success);
  });

  test('of what has no escapes it says how long it is as JSON, and whether exponents could hide in that', () => {
    const all = { ...valid, ...optional };
    expect(measureEvent(all)! - unclear).toBe(JSON.stringify(all).length);
    for (const event of [
      valid,
      { ...all, item_quantity: 7 },
      { ...valid, properties: {} },
      { ...valid, title: '😀ß' },
    ]) {
      expect(measureEvent(event)).toBe(JSON.stringify(event).length);
    }
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        if (text.includes('\\') || Number.isNaN(jsonLength(value))) return;
        expect(jsonLength(value) % unclear).toBe(text.length);
        if (!/[eE]/.test(text)) expect(isAsWritten(text, jsonLength(value))).toBe(true);
      }),
    );
  });

  test.each<[string, z.ZodType]>([
    ['a keyword that is not understood', z.strictObject({ count: z.number().multipleOf(5) })],
    ['an alternative', z.strictObject({ either: z.union([z.string(), z.number()]) })],
    ['an object without a rule', z.strictObject({ inner: z.object({}) })],
    ['an object that takes other fields', z.looseObject({ a: z.string() })],
  ])('a schema with %s is not compiled: nothing of it is passed over silently', (_, schema) => {
    expect(() => compileObject(z.toJSONSchema(schema, { io: 'input' }), { whole: () => true })).toThrow(RangeError);
  });
});
